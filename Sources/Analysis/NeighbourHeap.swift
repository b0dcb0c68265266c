/// The nearest of many candidates: a heap by (distance, index) with the last of them at its root, in the caller's
/// memory.
struct NeighbourHeap {
  private var indices: UnsafeMutablePointer<Int32>!
  private var distances: UnsafeMutablePointer<Double>!
  private var capacity = 0
  private var count = 0

  /// Candidates farther than this cannot be among the nearest.
  private(set) var limit = Double.infinity

  /// Starts over, with room for `capacity` (at least 1) of each.
  mutating func begin(
    _ indices: UnsafeMutablePointer<Int32>, _ distances: UnsafeMutablePointer<Double>, capacity: Int
  ) {
    (self.indices, self.distances, self.capacity) = (indices, distances, capacity)
    count = 0
    limit = .infinity
  }

  /// Inserts a candidate, if it is among the nearest so far.
  mutating func insert(_ distance: Double, _ index: Int32) {
    if count < capacity {
      // Up from the end.
      var place = count
      count += 1
      while place > 0 {
        let parent = (place - 1) / 2
        guard isBefore(distances[parent], indices[parent], distance, index) else { break }
        move(parent, place)
        place = parent
      }
      put(distance, index, place)
    } else if isBefore(distance, index, distances[0], indices[0]) {
      sink(distance, index, count)
    }
    if count == capacity { limit = distances[0] }
  }

  /// Sorts the candidates, nearest first.
  mutating func sort() {
    var end = count
    while end > 1 {
      end -= 1
      let (distance, index) = (distances[end], indices[end])
      move(0, end)
      sink(distance, index, end)
    }
  }

  /// Replaces the root by a candidate and sifts it down among the first `end`.
  private func sink(_ distance: Double, _ index: Int32, _ end: Int) {
    var place = 0
    while true {
      var child = 2 * place + 1
      guard child < end else { break }
      if child + 1 < end, isBefore(distances[child], indices[child], distances[child + 1], indices[child + 1])
      {
        child += 1
      }
      guard isBefore(distance, index, distances[child], indices[child]) else { break }
      move(child, place)
      place = child
    }
    put(distance, index, place)
  }

  private func isBefore(_ a: Double, _ i: Int32, _ b: Double, _ j: Int32) -> Bool {
    a < b || (a == b && i < j)
  }

  private func move(_ from: Int, _ to: Int) { put(distances[from], indices[from], to) }

  private func put(_ distance: Double, _ index: Int32, _ place: Int) {
    distances[place] = distance
    indices[place] = index
  }
}
