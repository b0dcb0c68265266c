import Pictures
import Testing

@Suite("Axes")
struct AxisTests {
  private func labels(_ kind: ScaleKind, _ values: [Double], _ count: Int, _ ends: AxisScale.Ends = .tight)
    -> [String]
  {
    AxisScale(kind, of: values, ends: ends).ticks(count).map(\.label)
  }

  @Test("Ticks are at 1, 2 and 5 times powers of ten")
  func linear() {
    #expect(labels(.linear, [0, 1], 5) == ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"])
    #expect(labels(.linear, [0, 10], 10) == (0...10).map(String.init))
    #expect(labels(.linear, [1, 30], 6) == ["5", "10", "15", "20", "25", "30"])
    #expect(labels(.linear, [0, 60_000], 4) == ["0", "20,000", "40,000", "60,000"])
    #expect(labels(.linear, [-0.3, 0.3], 3) == ["-0.2", "0.0", "0.2"])
    #expect(labels(.linear, [0, 4e-7], 2) == ["0", "2e-7", "4e-7"])
    #expect(labels(.linear, [0, 3e8], 3) == ["0", "1e8", "2e8", "3e8"])
    #expect(
      labels(.linear, [0.013, 0.0907], 4, .ticks(4)) == ["0.00", "0.02", "0.04", "0.06", "0.08", "0.10"])
  }

  @Test("What is counted has no ticks between whole numbers")
  func whole() {
    var scale = AxisScale(.linear, of: [1, 3], ends: .tight)
    #expect(scale.ticks(6).map(\.label) == ["1.0", "1.5", "2.0", "2.5", "3.0"])
    scale.leastStep = 1
    #expect(scale.ticks(6).map(\.label) == ["1", "2", "3"])
  }

  @Test("Logarithmic axes have powers of ten, and more where there is room")
  func logarithmic() {
    #expect(labels(.logarithmic, [1, 1000], 4) == ["1", "10", "100", "1,000"])
    #expect(labels(.logarithmic, [0.01, 0.1], 4) == ["0.01", "0.02", "0.05", "0.1"])
    #expect(labels(.logarithmic, [1e-9, 1e9], 5).count <= 5)
    #expect(labels(.logarithmic, [0.016, 0.018], 4).count >= 2, "less than a decade")
    #expect(labels(.logarithmic, [-1, 0, .nan], 4).count >= 2, "nothing to show")
  }

  @Test("Values lie between the ends")
  func shares() throws {
    let scale = AxisScale(.logarithmic, of: [1, 100], ends: .tight)
    #expect(scale.share(1) == 0 && scale.share(100) == 1)
    #expect(abs(try #require(scale.share(10)) - 0.5) < 1e-15)
    #expect(scale.share(0) == nil && scale.share(.nan) == nil && scale.share(-1) == nil)
    let loose = AxisScale(.linear, of: [0, 2, .nan, .infinity])
    #expect(loose.share(0) == 0 && loose.share(.infinity) == nil)
    #expect((0.9..<1).contains(try #require(loose.share(2))))
    for values in DegenerateChartTests.values {
      for kind in [ScaleKind.linear, .logarithmic] {
        let scale = AxisScale(kind, of: values)
        for value in values {
          if let share = scale.share(value) { #expect((0...1).contains(share), "\(kind) \(values)") }
        }
        let ticks = scale.ticks(6)
        #expect(
          ticks.count <= 12 && Set(ticks.map(\.label)).count == ticks.count, "\(kind) \(values): \(ticks)")
      }
    }
  }

  @Test("Labels keep apart, in their order, as near as they can")
  func labels() {
    #expect(LabelLayout.spread([], height: 10, in: 0...100) == [])
    #expect(LabelLayout.spread([20, 60], height: 10, in: 0...100) == [20, 60])
    #expect(LabelLayout.spread([50, 52], height: 10, in: 0...100) == [46, 56])
    #expect(LabelLayout.spread([52, 50], height: 10, in: 0...100) == [56, 46])
    #expect(LabelLayout.spread([99, 100], height: 10, in: 0...100) == [90, 100])
    #expect(LabelLayout.spread([0, 0, 0], height: 10, in: 0...100) == [0, 10, 20])
    let wanted = ChartExamples.numbers(30).map { $0 * 100 }
    let places = LabelLayout.spread(wanted, height: 10, in: 0...100)
    #expect(places.allSatisfy { (-1e-9...100 + 1e-9).contains($0) })
    let order = wanted.indices.sorted { wanted[$0] < wanted[$1] }
    for (a, b) in zip(order, order.dropFirst()) { #expect(places[b] - places[a] > 100.0 / 29 - 1e-9) }
  }
}
