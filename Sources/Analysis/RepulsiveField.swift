import AnalysisKernels
import Numerics

/// The repulsion of t-SNE: the field φ(y) = Σⱼ 1 / (1 + |y − yⱼ|²) and its gradient at every point, in O(n + m² log m)
/// for a grid of m × m nodes.
///
/// Formula: points are spread over a grid by B-splines of degree 7, the grid is convolved with the kernel by Fourier
/// transforms (padded to twice its size, so nothing wraps around), and field and gradient are read by the same splines;
/// the transform of the kernel is divided by that of the splines, so that they interpolate it.
/// Source: Linderman et al., "Fast interpolation-based t-SNE" (Nature Methods 16, 2019), with the smooth interpolation of
/// particle-mesh Ewald sums (Essmann et al., 1995), which needs one convolution in place of four.
/// Determinism: the grid depends only on the points. Points are added in strips of eight columns of nodes, first the
/// even strips, then the odd, within a strip by ascending index; everything else is a fixed chain per line of the grid.
package final class RepulsiveField {
  /// Maximum distance of two nodes. The kernel's spectrum falls as e^(−k), so half of this would gain little.
  static let widestSpacing = 0.4

  /// Number of portions that lines are processed in, each with its own memory.
  private static let portions = 16

  private let threads: Int
  private let count: Int
  private let order: UnsafeMutablePointer<Int32>
  private let splines: UnsafeMutablePointer<DoubleLanes>
  private var memory: GridMemory?
  /// The distance of two nodes for the current kernel.
  private var spacing = 0.0

  package init(count: Int, threads: Int) {
    (self.count, self.threads) = (count, threads)
    order = .allocate(capacity: count)
    splines = .allocate(capacity: 16)
    let coefficients = Self.splineCoefficients()
    for power in 0..<8 {
      for node in 0..<8 { splines[2 * power + node / 4][node % 4] = coefficients[7 - power][node] }
    }
  }

  deinit {
    order.deallocate()
    splines.deallocate()
  }

  /// Writes the gradient of φ at each point; returns Σ φ, in which every point includes itself.
  package func slopes(
    _ points: UnsafePointer<SIMD2<Double>>, _ slopes: UnsafeMutablePointer<SIMD2<Double>>
  ) -> Double {
    let place = fit(points)
    let memory = memory!
    let grid = memory.grid
    let starts = sort(points, grid, place)
    grid.values.update(repeating: 0, count: grid.m * grid.stride)
    let strips = starts.count - 1
    nonisolated(unsafe) let points = points
    nonisolated(unsafe) let slopes = slopes
    nonisolated(unsafe) let field = self
    nonisolated(unsafe) let nodes = grid
    nonisolated(unsafe) let lines = place
    for parity in 0..<2 {
      concurrently((strips + 1 - parity) / 2, threads: threads) { item in
        let strip = 2 * item + parity
        fieldSpread(
          nodes, lines, points: points, order: field.order, from: starts[strip], to: starts[strip + 1])
      }
    }
    memory.portions(grid.pairs, threads: threads) { fieldForward(nodes, pair: $0, $1) }
    memory.portions(grid.quads, threads: threads) { fieldColumns(nodes, quad: $0, $1) }
    memory.portions(grid.pairs, threads: threads) { fieldBackward(nodes, pair: $0, $1) }
    let chunks = Chunks(count)
    return concurrentMap(chunks.count, threads: threads) { chunk in
      let range = chunks[chunk]
      return fieldGather(
        nodes, lines, points: points, from: range.lowerBound, to: range.upperBound, slopes: slopes)
    }.reduce(0, +)
  }

  /// The positions of the points on the grid, which is recreated if they have outgrown it or fill less than half of it.
  private func fit(_ points: UnsafePointer<SIMD2<Double>>) -> FieldPlace {
    var (low, high) = (points[0], points[0])
    for index in 1..<count {
      low = pointwiseMin(low, points[index])
      high = pointwiseMax(high, points[index])
    }
    // For a width of 0, any spacing will do.
    let width = max((high - low).max(), 0x1p-100)
    var m = memory?.grid.m ?? 64
    if spacing == 0 || width > spacing * Double(m - 8) || width < 0.5 * spacing * Double(m - 8) {
      m = 64
      while Double(m - 8) * Self.widestSpacing < width { m *= 2 }
      // With 10 % in reserve, so that it lasts.
      spacing = min(Self.widestSpacing, 1.1 * width / Double(m - 8))
      if memory?.grid.m != m { memory = GridMemory(m: m, portions: Self.portions) }
      makeKernel()
    }
    let scale = 1 / spacing
    return FieldPlace(origin: low - 3.25 * spacing, scale: scale, splines: splines)
  }

  /// The kernel's transform on the current grid, divided twice by that of the splines in each direction.
  private func makeKernel() {
    let memory = memory!
    nonisolated(unsafe) let grid = memory.grid
    let square = spacing * spacing
    memory.portions(grid.m / 4 + 1, threads: threads) { kernelForward(grid, group: $0, square: square, $1) }
    nonisolated(unsafe) let scales = memory.scales
    memory.portions(grid.quads, threads: threads) { kernelColumns(grid, quad: $0, scales: scales, $1) }
  }

  /// Sorts the points into strips of eight columns of nodes, by ascending index; returns where each begins in `order`.
  private func sort(_ points: UnsafePointer<SIMD2<Double>>, _ grid: FieldGrid, _ place: FieldPlace) -> [Int] {
    var starts = [Int](repeating: 0, count: grid.m / 8 + 1)
    for index in 0..<count { starts[place.firstNode(points[index]) / 8 + 1] += 1 }
    for strip in 0..<grid.m / 8 { starts[strip + 1] += starts[strip] }
    var next = starts
    for index in 0..<count {
      let strip = place.firstNode(points[index]) / 8
      order[next[strip]] = Int32(index)
      next[strip] += 1
    }
    return starts
  }

  /// The weights of the eight nodes around a place t between two as polynomials in t: [power][node], lowest first.
  ///
  /// Cardinal B-splines by their recurrence: M_d(x) = (x·M_(d−1)(x) + (d + 1 − x)·M_(d−1)(x − 1)) / d.
  private static func splineCoefficients() -> [[Double]] {
    // Pieces[j] is the polynomial of M_d at t + j.
    var pieces: [[Double]] = [[1]]
    for degree in 1...7 {
      pieces = (0...degree).map { j in
        var sum = [Double](repeating: 0, count: degree + 1)
        // (t + j) · M_(d−1)(t + j), and (d + 1 − t − j) · M_(d−1)(t + j − 1).
        if j < degree {
          for (power, value) in pieces[j].enumerated() {
            sum[power] += Double(j) * value
            sum[power + 1] += value
          }
        }
        if j > 0 {
          for (power, value) in pieces[j - 1].enumerated() {
            sum[power] += Double(degree + 1 - j) * value
            sum[power + 1] -= value
          }
        }
        return sum.map { $0 / Double(degree) }
      }
    }
    // The node three before the place has the last piece.
    return (0...7).map { power in (0...7).map { pieces[7 - $0][power] } }
  }
}

/// Divides 0 ..< total into at most 64 ranges of equal size, independent of the number of threads.
struct Chunks: Sendable {
  let total: Int
  let size: Int

  init(_ total: Int) {
    self.total = total
    size = max(1, (total + 63) / 64)
  }

  var count: Int { (total + size - 1) / size }

  subscript(chunk: Int) -> Range<Int> { chunk * size..<min(total, (chunk + 1) * size) }
}
