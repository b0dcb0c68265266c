/// Layout of labels without overlap.
package enum LabelLayout {
  /// Heights as near the wanted ones as labels of a height allow, in their order and between two bounds.
  ///
  /// Labels that would overlap become a block around the mean of what they wanted; blocks that meet become one. Where there are more
  /// than fit, they stand closer together.
  package static func spread(_ wanted: [Double], height: Double, in bounds: ClosedRange<Double>) -> [Double] {
    guard !wanted.isEmpty else { return [] }
    let order = wanted.indices.sorted { (wanted[$0], $0) < (wanted[$1], $1) }
    let room = bounds.upperBound - bounds.lowerBound
    let height = min(height, wanted.count > 1 ? room / Double(wanted.count - 1) : height)
    /// Labels side by side: how many, and the sum of where the first would stand to please each.
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
