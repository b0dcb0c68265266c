import Numerics

// The convolution of a square grid of real numbers with a real, even kernel, in four steps with independent groups of
// lines: along x, along y and back, along x back. The grid has m × m nodes and is padded with zeros to n × n, n = 2m,
// so that nothing wraps around. Lines are transformed as SIMD lanes, so lanes are shuffled only where x and y are
// transposed.

/// Sizes and memory of a grid.
public struct FieldGrid {
  /// Nodes on a side, a power of two of at least 16.
  public let m: Int
  /// [x][y], y fastest, a line every `stride`: the input of the convolution, then the result.
  public let values: UnsafeMutablePointer<Double>
  /// [k][y][re, im][4]: transforms along x, four frequencies at a time, of 0 ... m.
  public let spectrum: UnsafeMutablePointer<DoubleLanes>
  /// [k][frequency of y, bit-reversed][4]: the kernel's transform.
  public let kernel: UnsafeMutablePointer<DoubleLanes>
  /// cos and −sin of 2πj/n, j in 0 ..< n.
  public let roots: UnsafeMutablePointer<Double>
  /// Where the transform leaves frequency k: k with its bits reversed, k in 0 ..< n.
  public let reversed: UnsafeMutablePointer<Int32>

  public init(
    m: Int, values: UnsafeMutablePointer<Double>, spectrum: UnsafeMutablePointer<DoubleLanes>,
    kernel: UnsafeMutablePointer<DoubleLanes>, roots: UnsafeMutablePointer<Double>,
    reversed: UnsafeMutablePointer<Int32>
  ) {
    self.m = m
    self.values = values
    self.spectrum = spectrum
    self.kernel = kernel
    self.roots = roots
    self.reversed = reversed
  }

  /// Numbers from one line of `values` to the next: not a power of two, which would map an access across lines to few
  /// sets of the L1 cache.
  public var stride: Int { m + 8 }
  /// Length of the transforms.
  public var n: Int { 2 * m }
  /// Groups of four frequencies along x, 0 ... m and three unused ones.
  public var quads: Int { m / 4 + 1 }
  /// Groups of four pairs of lines along x.
  public var pairs: Int { m / 8 }

  /// Where the transform leaves frequency k of 0 ... m; those after it stand for m.
  @inline(__always)
  func place(_ k: Int) -> Int { Int(reversed[k < m ? k : m]) }

  /// Where it leaves frequency −k.
  @inline(__always)
  func placeOfNegative(_ k: Int) -> Int { Int(reversed[k == 0 ? 0 : k < m ? n - k : m]) }
}

/// Along x: eight lines, y in 4 · `pair` ..< 4 · `pair` + 4 as real parts, those half a grid further as imaginary
/// parts; twice their transforms go into the spectrum. `buffer` has n complex numbers.
public func fieldForward(_ grid: FieldGrid, pair: Int, _ buffer: ComplexLanes) {
  let (m, n) = (grid.m, grid.n)
  for x in 0..<m {
    let line = grid.values + x * grid.stride + 4 * pair
    buffer[2 * x] = lanes(line)
    buffer[2 * x + 1] = lanes(line + m / 2)
  }
  for index in 2 * m..<2 * n { buffer[index] = DoubleLanes() }
  fourierForward(buffer, n, roots: grid.roots)
  let upper = grid.spectrum + 2 * 4 * pair
  let lower = upper + m
  for quad in 0..<grid.quads {
    let z0 = Pair(grid, buffer, 4 * quad)
    let z1 = Pair(grid, buffer, 4 * quad + 1)
    let z2 = Pair(grid, buffer, 4 * quad + 2)
    let z3 = Pair(grid, buffer, 4 * quad + 3)
    store(z0.first.re, z1.first.re, z2.first.re, z3.first.re, upper + 2 * m * quad)
    store(z0.first.im, z1.first.im, z2.first.im, z3.first.im, upper + 2 * m * quad + 1)
    store(z0.second.re, z1.second.re, z2.second.re, z3.second.re, lower + 2 * m * quad)
    store(z0.second.im, z1.second.im, z2.second.im, z3.second.im, lower + 2 * m * quad + 1)
  }
}

/// Along y, times the kernel, and back: four frequencies along x.
public func fieldColumns(_ grid: FieldGrid, quad: Int, _ buffer: ComplexLanes) {
  let (m, n) = (grid.m, grid.n)
  let lines = grid.spectrum + 2 * m * quad
  for index in 0..<2 * m { buffer[index] = lines[index] }
  for index in 2 * m..<2 * n { buffer[index] = DoubleLanes() }
  fourierForward(buffer, n, roots: grid.roots)
  let kernel = grid.kernel + n * quad
  for index in 0..<n {
    let factor = kernel[index]
    buffer[2 * index] *= factor
    buffer[2 * index + 1] *= factor
  }
  fourierBackward(buffer, n, roots: grid.roots)
  for index in 0..<2 * m { lines[index] = buffer[index] }
}

/// Along x, back: the eight lines of `pair`.
public func fieldBackward(_ grid: FieldGrid, pair: Int, _ buffer: ComplexLanes) {
  let (m, n) = (grid.m, grid.n)
  let upper = grid.spectrum + 2 * 4 * pair
  let lower = upper + m
  for quad in 0..<grid.quads {
    let a = Four(upper + 2 * m * quad)
    let b = Four(lower + 2 * m * quad)
    join(grid, buffer, 4 * quad, a.c0, b.c0)
    guard quad < m / 4 else { break }
    join(grid, buffer, 4 * quad + 1, a.c1, b.c1)
    join(grid, buffer, 4 * quad + 2, a.c2, b.c2)
    join(grid, buffer, 4 * quad + 3, a.c3, b.c3)
  }
  fourierBackward(buffer, n, roots: grid.roots)
  for x in 0..<m {
    let line = grid.values + x * grid.stride + 4 * pair
    store(buffer[2 * x], line)
    store(buffer[2 * x + 1], line + m / 2)
  }
}

/// The transforms of two real lines, separated: twice each.
private struct Pair {
  let first: Complex
  let second: Complex

  @inline(__always)
  init(_ grid: FieldGrid, _ buffer: ComplexLanes, _ k: Int) {
    let z = Complex(buffer, grid.place(k))
    let mirrored = Complex(buffer, grid.placeOfNegative(k))
    first = Complex(z.re + mirrored.re, z.im - mirrored.im)
    second = Complex(z.im + mirrored.im, mirrored.re - z.re)
  }
}

/// The transforms of two real lines at k, combined into one complex line at k and −k.
@inline(__always)
private func join(_ grid: FieldGrid, _ buffer: ComplexLanes, _ k: Int, _ a: Complex, _ b: Complex) {
  Complex(a.re + b.im, b.re - a.im).store(buffer, grid.placeOfNegative(k))
  Complex(a.re - b.im, a.im + b.re).store(buffer, grid.place(k))
}

/// Four lines of a spectrum at four frequencies, lanes and lines transposed.
private struct Four {
  let c0: Complex
  let c1: Complex
  let c2: Complex
  let c3: Complex

  @inline(__always)
  init(_ from: UnsafePointer<DoubleLanes>) {
    let re = transposed(from[0], from[2], from[4], from[6])
    let im = transposed(from[1], from[3], from[5], from[7])
    c0 = Complex(re.0, im.0)
    c1 = Complex(re.1, im.1)
    c2 = Complex(re.2, im.2)
    c3 = Complex(re.3, im.3)
  }
}

/// The 4 × 4 transpose.
@inline(__always)
func transposed(
  _ a: DoubleLanes, _ b: DoubleLanes, _ c: DoubleLanes, _ d: DoubleLanes
) -> (DoubleLanes, DoubleLanes, DoubleLanes, DoubleLanes) {
  (
    DoubleLanes(a[0], b[0], c[0], d[0]), DoubleLanes(a[1], b[1], c[1], d[1]),
    DoubleLanes(a[2], b[2], c[2], d[2]), DoubleLanes(a[3], b[3], c[3], d[3])
  )
}

/// Stores four vectors, transposed, to every second place.
@inline(__always)
private func store(
  _ a: DoubleLanes, _ b: DoubleLanes, _ c: DoubleLanes, _ d: DoubleLanes,
  _ to: UnsafeMutablePointer<DoubleLanes>
) {
  let rows = transposed(a, b, c, d)
  to[0] = rows.0
  to[2] = rows.1
  to[4] = rows.2
  to[6] = rows.3
}

/// Four numbers from memory, at any alignment.
@inline(__always)
func lanes(_ pointer: UnsafePointer<Double>) -> DoubleLanes {
  UnsafeRawPointer(pointer).loadUnaligned(as: DoubleLanes.self)
}

/// Four numbers to memory, at any alignment.
@inline(__always)
func store(_ lanes: DoubleLanes, _ pointer: UnsafeMutablePointer<Double>) {
  UnsafeMutableRawPointer(pointer).storeBytes(of: lanes, as: DoubleLanes.self)
}
