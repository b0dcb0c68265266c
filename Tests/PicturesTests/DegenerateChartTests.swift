import Foundation
import Pictures
import Testing

/// Degenerate data and sizes: something is drawn all the same.
@Suite("Charts of strange data")
struct DegenerateChartTests {
  static let values: [[Double]] = [
    [], [.nan], [1], [0, 0, 0], [5, 5], [.infinity, -.infinity, .nan], [1, .nan, 3], [-1, -2],
    [0, .leastNonzeroMagnitude * 2000],
    [1e308, -1e308], [1e300, 1], [1_000_000_000, 1_000_000_000.0000001], [-0.0], [1e-300, 1e300],
    [.leastNonzeroMagnitude],
    [.greatestFiniteMagnitude, -.greatestFiniteMagnitude], [.leastNormalMagnitude, 1],
  ]

  @Test("Strange values", arguments: values)
  func draws(_ values: [Double]) {
    for scale in [ScaleKind.linear, .logarithmic] {
      let axis = Axis("values", scale: scale, includesZero: scale == .linear)
      draw(
        LineChart(
          x: axis, y: axis, series: [.init("a", zip(values, values).map { Point($0, $1) }, spread: values)],
          annotations: values.map { .init(x: $0, "here") }
        ).drawing(width: 320, height: 200))
      draw(
        LineChart(x: Axis("n"), y: axis, series: [.init("a", values), .init("b", [])]).drawing(
          width: 320, height: 200))
      draw(
        ScatterChart(
          x: axis, y: axis, points: values.map { Point($0, $0) }, colour: .values(values, title: "v"),
          hasEqualUnits: true
        ).drawing(width: 320, height: 200))
      draw(
        ParallelCoordinates(
          columns: [.init("c", values, scale: scale), .init("d", [""])], results: values,
          resultAxis: axis
        ).drawing(width: 320, height: 200))
    }
    draw(
      ScatterChart(
        points: values.map { Point($0, 1) }, colour: .classes([3, -1], names: ["a"]), isFaint: [true]
      ).drawing(width: 320, height: 200))
    draw(HeatMap(values: [values, [], values]).drawing(width: 320, height: 200))
    draw(
      BarChart(bars: values.map { .init("bar", $0, spread: $0.magnitude) }, reference: .init(.nan, "r"))
        .drawing(width: 320, height: 200))
    draw(Histogram(axis: "v", values: values).drawing(width: 320, height: 200))
  }

  @Test("Strange sizes")
  func sizes() {
    for (width, height) in [(0, 0), (-5, 40), (16, 16), (30, 400), (400, 30), (Int.min, 20), (1, 1)] {
      draw(
        LineChart(
          title: "A title", x: Axis("x"), y: Axis("y"), series: [.init("name", [1, 2, 3])],
          annotations: [.init(x: 2, "here")]
        ).drawing(width: width, height: height))
      draw(
        ScatterChart(
          title: "A title", points: ChartExamples.points,
          colour: .classes(ChartExamples.labels, names: ChartExamples.classes)
        )
        .drawing(width: width, height: height))
      draw(HeatMap(title: "A title", confusion: [[1, 2], [3, 4]]).drawing(width: width, height: height))
      draw(
        BarChart(title: "A title", bars: [.init("name", 1), .init("other", 2)]).drawing(
          width: width, height: height))
      draw(Histogram(title: "A title", axis: "x", values: [1, 2, 3]).drawing(width: width, height: height))
      draw(
        ParallelCoordinates(title: "A title", columns: [], results: [1, 2], resultAxis: Axis("r"))
          .drawing(width: width, height: height))
    }
    #expect(Drawing(width: .max, height: .max, title: "", description: "").width == 8192)
    draw(Mosaic(rows: []).drawing())
    draw(Mosaic(rows: [.init("empty", [])], gap: 0).drawing(zoom: -3))
    draw(HeatMap(values: [[Double]](repeating: [Double](repeating: 1, count: 100), count: 100)).drawing())
  }

  @Test("More than there is room for")
  func crowds() {
    let names = (0..<40).map { "class \($0)" }
    let drawing = LineChart(x: Axis(), y: Axis(), series: names.map { .init($0, [1, 2]) }).drawing(
      height: 200)
    draw(drawing)
    let many = LineChart(x: Axis(), y: Axis(), series: [.init("steps", ChartExamples.numbers(100_000))])
      .drawing()
    #expect(many.svg().utf8.count < 60_000, "a line has no more points than can be seen")
    draw(
      ScatterChart(
        points: (0..<400).map { Point(Double($0), 1) },
        colour: .classes((0..<400).map { $0 % 40 }, names: names)
      ).drawing())
    draw(BarChart(bars: names.map { .init($0, 1) }).drawing(height: 100))
  }

  private func draw(_ drawing: Drawing, _ location: SourceLocation = #_sourceLocation) {
    let text = drawing.svg()
    #expect(!text.contains("nan") && !text.contains("inf"), sourceLocation: location)
    let picture = drawing.picture(scale: 1)
    #expect(picture.width == drawing.width && picture.height == drawing.height, sourceLocation: location)
  }
}
