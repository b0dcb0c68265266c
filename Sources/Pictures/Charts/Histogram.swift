/// A histogram.
package struct Histogram: Sendable, Equatable {
  /// What it shows.
  package var title: String
  /// A description, used as alternative text.
  package var description: String
  /// What the values are, with their unit.
  package var axis: String
  /// What is counted.
  package var counted: String
  /// The values; those that are not finite are left out.
  package var values: [Double]

  /// A histogram.
  package init(
    title: String = "", description: String = "", axis: String, counted: String = "count", values: [Double]
  ) {
    self.title = title
    self.description = description
    self.axis = axis
    self.counted = counted
    self.values = values
  }

  /// Bins: the start of the first, their width, and the number of values in each. A value on a border counts in the
  /// upper bin, the largest value in the last.
  package var bins: (start: Double, width: Double, counts: [Int]) {
    let finite = values.filter { $0.isFinite && $0.magnitude < 1e300 }
    guard let low = finite.min(), let high = finite.max() else { return (0, 1, []) }
    // About as many as the square root of the number of values, with a round width.
    let wanted = min(60, max(8, Double(finite.count).squareRoot()))
    let magnitude = max(low.magnitude, high.magnitude)
    let span = high - low > max(magnitude * 1e-9, 1e-300) ? high - low : max(1, magnitude) * 0.1
    let step = Step(atLeast: span / wanted)
    let first = (low / step.size).rounded(.down)
    let count = max(1, Int(((high / step.size).rounded(.up) - first)))
    var counts = [Int](repeating: 0, count: count)
    for value in finite {
      counts[min(max(Int((value / step.size - first).rounded(.down)), 0), count - 1)] += 1
    }
    return (step.value(first), step.size, counts)
  }

  /// The chart as a drawing.
  package func drawing(width: Int = 560, height: Int = 320) -> Drawing {
    var drawing = Drawing(width: width, height: height, title: title, description: description)
    let (start, binWidth, counts) = bins
    let across = AxisScale(
      .linear, of: [start, start + binWidth * Double(max(1, counts.count))], ends: .tight)
    let up = AxisScale(
      .linear, of: counts.map(Double.init), ends: .ticks(max(2, drawing.height / 60)), includesZero: true)
    let frame = ChartFrame(&drawing, x: across, y: up, titles: (axis, counted), right: 24)
    for (bin, count) in counts.enumerated() where count > 0 {
      guard let corner = frame.place(start + Double(bin) * binWidth, Double(count)),
        let end = frame.place(start + Double(bin + 1) * binWidth, 0)
      else { continue }
      drawing.box(
        Rectangle(
          x: corner.x + 0.5, y: corner.y, width: max(0.5, end.x - corner.x - 1), height: end.y - corner.y),
        .accent, opacity: 0.85)
    }
    return drawing
  }
}
