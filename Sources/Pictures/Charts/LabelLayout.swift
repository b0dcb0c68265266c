/// Layout of labels without overlap.
package enum LabelLayout {
  /// Positions as near the wanted ones as labels of this height allow, in the same order and within bounds.
  ///
  /// Labels that would overlap form a block around the mean of their wanted positions; blocks that touch are merged. If
  /// they do not all fit, they stand closer together.
  package static func spread(_ wanted: [Double], height: Double, in bounds: ClosedRange<Double>) -> [Double] {
    guard !wanted.isEmpty else { return [] }
    let order = wanted.indices.sorted { (wanted[$0], $0) < (wanted[$1], $1) }
    let room = bounds.upperBound - bounds.lowerBound
    let height = min(height, wanted.count > 1 ? room / Double(wanted.count - 1) : height)
    /// Adjacent labels: how many, and the sum of the positions that each would give the first.
    var blocks: [(count: Int, sum: Double)] = []
    func start(_ block: (count: Int, sum: Double)) -> Double {
      let length = height * Double(block.count - 1)
      return min(
        max(block.sum / Double(block.count), bounds.lowerBound),
        max(bounds.lowerBound, bounds.upperBound - length))
    }
    for index in order {
      var block = (count: 1, sum: wanted[index])
      while let above = blocks.last, start(above) + height * Double(above.count) > start(block) {
        blocks.removeLast()
        block = (
          above.count + block.count, above.sum + block.sum - height * Double(above.count * block.count)
        )
      }
      blocks.append(block)
    }
    var places = [Double](repeating: 0, count: wanted.count)
    var rest = order[...]
    for block in blocks {
      for place in 0..<block.count { places[rest.removeFirst()] = start(block) + height * Double(place) }
    }
    return places
  }
}
