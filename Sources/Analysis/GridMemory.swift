import AnalysisKernels
import Numerics

/// The memory of a grid, its roots of unity, and buffers for lines.
final class GridMemory {
  let grid: FieldGrid
  /// Factor for each frequency of the kernel, 0 ..< n and four zeros: 1 over the square of the splines' transform, and
  /// 1 / n.
  let scales: UnsafeMutablePointer<Double>

  private let portions: Int
  private let buffers: UnsafeMutablePointer<DoubleLanes>

  /// For m × m nodes; lines are processed in `portions` portions.
  init(m: Int, portions: Int) {
    self.portions = portions
    let n = 2 * m
    let quads = m / 4 + 1
    grid = FieldGrid(
      m: m, values: Self.zeros(m * (m + 8), 0), spectrum: Self.zeros(2 * m * quads, .zero),
      kernel: Self.zeros(n * quads, .zero), roots: Self.zeros(2 * n, 0), reversed: Self.zeros(n, 0))
    scales = Self.zeros(n + 4, 0)
    buffers = Self.zeros(portions * 2 * n, .zero)
    for k in 0..<n {
      let turn = Double(k) / Double(n)
      grid.roots[2 * k] = HostScalars.cosTwoPi(turn)
      grid.roots[2 * k + 1] = HostScalars.cosTwoPi(turn + 0.25)
      grid.reversed[k] = Int32(k == 0 ? 0 : Self.reversed(k, bits: n.trailingZeroBitCount))
      // The spline of degree 7 at the nodes: 2416, 1191, 120 and 1 of 5040.
      let spline =
        (2416 + 2382 * HostScalars.cosTwoPi(turn) + 240 * HostScalars.cosTwoPi(2 * turn)
          + 2 * HostScalars.cosTwoPi(3 * turn)) / 5040
      scales[k] = 1 / (spline * spline * Double(n))
    }
  }

  deinit {
    grid.values.deallocate()
    grid.spectrum.deallocate()
    grid.kernel.deallocate()
    grid.roots.deallocate()
    grid.reversed.deallocate()
    scales.deallocate()
    buffers.deallocate()
  }

  /// Runs `body` for 0 ..< `items`, each with exclusive use of a line buffer.
  func portions(_ items: Int, threads: Int, _ body: @Sendable (Int, ComplexLanes) -> Void) {
    nonisolated(unsafe) let buffers = buffers
    let (portions, length) = (portions, 4 * grid.m)
    concurrently(portions, threads: threads) { portion in
      for item in items * portion / portions..<items * (portion + 1) / portions {
        body(item, buffers + portion * length)
      }
    }
  }

  private static func zeros<Element>(_ count: Int, _ zero: Element) -> UnsafeMutablePointer<Element> {
    let memory = UnsafeMutablePointer<Element>.allocate(capacity: count)
    memory.initialize(repeating: zero, count: count)
    return memory
  }

  private static func reversed(_ k: Int, bits: Int) -> Int {
    (0..<bits).reduce(0) { $0 << 1 | (k >> $1 & 1) }
  }
}
