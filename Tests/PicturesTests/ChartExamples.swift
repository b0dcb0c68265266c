import Pictures

/// One chart of every kind, on fixed data, for golden hashes.
enum ChartExamples {
  static let all: [(name: String, drawing: Drawing)] = [
    ("bars", bars), ("bars with a reference", reference), ("confusion", confusion), ("heat map", heatMap),
    ("histogram", histogram), ("lettering", lettering), ("lines", lines), ("lines, logarithmic", logarithmic),
    ("mosaic", mosaic), ("parallel coordinates", parallel), ("scatter", scatter), ("scatter of names", named),
    ("scatter of values", valued),
  ]

  /// Numbers from 0 to 1, the same on every machine.
  static func numbers(_ count: Int, seed: UInt64 = 1) -> [Double] {
    var state = seed
    return (0..<count).map { _ in
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Double(state >> 11) / 9_007_199_254_740_992
    }
  }

  static let classes = ["T-shirt/top", "Trouser", "Bag & <b>", "Zürich"]
  static let points = zip(numbers(300), numbers(300, seed: 2)).map { Point($0 * 8 - 4, $1 * $1) }
  static let labels = (0..<300).map { $0 % 4 }
  static let loss = (1...12).map { 0.0125 + 0.08 / Double($0) }

  static let lines = LineChart(
    title: "Loss", description: "Two losses fall.", x: Axis("epoch", isWhole: true),
    y: Axis("mean squared error", includesZero: true),
    series: [
      .init("train", loss), .init("validation", loss.map { $0 + 0.002 }, isDashed: true),
      .init("test", [Point(9, 0.023)]),
      .init(
        "seeds", [Point(2, 0.06), Point(4, 0.05), Point(6, .nan), Point(8, 0.04)],
        spread: [0.01, 0.01, 0, 0.02]),
    ], annotations: [.init(x: 9, "best epoch 9")]
  ).drawing()
  static let logarithmic = LineChart(
    x: Axis("step", scale: .logarithmic), y: Axis("loss", scale: .logarithmic),
    series: [.init("a", (0..<200).map { Point(Double($0 * $0), 1 / Double($0 + 1)) })]
  ).drawing(width: 400, height: 300)
  static let scatter = ScatterChart(
    title: "Codes", points: points, colour: .classes(labels, names: classes),
    isFaint: points.map { $0.y < 0.1 }, hasEqualUnits: true
  ).drawing(width: 500, height: 400)
  static let named = ScatterChart(
    title: "Codes", x: Axis("first"), y: Axis("second"), points: Array(points.prefix(40)),
    colour: .classes(labels, names: ["0", "1", "2", "3"]), marksAreNames: true
  ).drawing(width: 400, height: 300)
  static let valued = ScatterChart(
    x: Axis("first"), y: Axis("second"), points: points, colour: .values(points.map(\.y), title: "loss")
  ).drawing(width: 400, height: 300)
  static let confusion = HeatMap(
    title: "Confusion", confusion: [[90, 3, 0, 7], [1, 98, 1, 0], [0, 0, 50, 50], [0, 0, 0, 0]],
    names: classes
  ).drawing(width: 400, height: 420)
  static let heatMap = HeatMap(values: [[0, 0.5, .nan], [1, -1]]).drawing(width: 300, height: 200)
  static let bars = BarChart(
    axis: "images a second",
    bars: [.init("slow", 12.5), .init("fast", 250, spread: 30), .init("lost", .nan)], places: 1
  ).drawing()
  static let reference = BarChart(
    title: "Classes", bars: classes.enumerated().map { .init($1, 9 + Double($0)) },
    reference: .init(10, "even")
  ).drawing()
  static let histogram = Histogram(title: "Losses", axis: "loss", values: numbers(1000).map { $0 * $0 })
    .drawing()
  static let parallel = ParallelCoordinates(
    title: "Search",
    columns: [
      .init("learning rate", numbers(30).map { $0 < 0.5 ? 0.001 : 0.01 }, scale: .logarithmic),
      .init("latent", numbers(30, seed: 3).map { $0 < 0.5 ? "8" : "16" }),
    ], results: numbers(30, seed: 4), resultAxis: Axis("loss")
  ).drawing(width: 600, height: 300)
  static let mosaic = Mosaic(
    title: "Ladder", columnTitle: "noise", columns: ["0.0", "0.5"],
    rows: [.init("clean", [tile(0), tile(1)]), .init("noisy", [tile(2).inColour])]
  ).drawing()
  static let lettering: Drawing = {
    var drawing = Drawing(width: 700, height: 60, title: "", description: "")
    drawing.text("Aa Ōé 0123 × · – … ± ° (x) [y] {z}", at: Point(8, 20), size: 13)
    drawing.text("up", at: Point(660, 50), size: 13, .ink, TextStyle(direction: .up))
    drawing.text("bold", at: Point(8, 50), size: 16, .fault, TextStyle(isBold: true, hasHalo: true))
    for (index, marker) in Marker.allCases.enumerated() {
      drawing.marks([Point(100 + 20 * Double(index), 45)], marker, radius: 5, .series(index))
    }
    return drawing
  }()

  private static func tile(_ seed: Int) -> Picture {
    Picture(width: 8, height: 8, pixels: (0..<64).map { UInt8(($0 * 37 + seed * 91) & 255) })
  }
}
