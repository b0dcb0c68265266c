import Numerics

/// Complex numbers of four independent sequences: element 2i is the real part of number i, 2i + 1 the imaginary.
public typealias ComplexLanes = UnsafeMutablePointer<DoubleLanes>

/// The discrete Fourier transform of four sequences of `n` numbers, a power of two of at least 4, in place; the
/// result is in bit-reversed order.
///
/// Formula: X[k] = Σ x[j]·e^(−2πi·jk/n), by decimation in frequency: one stage of two where the number of stages is
/// odd, then stages of four. `roots` holds cos and −sin of 2πj/n for j in 0 ..< n, one after another.
public func fourierForward(_ x: ComplexLanes, _ n: Int, roots: UnsafePointer<Double>) {
  var size = n
  if n.trailingZeroBitCount & 1 == 1 {
    let half = n / 2
    for k in 0..<half {
      let (a, b) = (Complex(x, k), Complex(x, k + half))
      (a + b).store(x, k)
      ((a - b) * Root(roots, k)).store(x, k + half)
    }
    size = half
  }
  while size > 4 {
    let quarter = size / 4
    let step = n / size
    var start = 0
    while start < n {
      for k in 0..<quarter {
        let place = start + k
        let (a, b) = (Complex(x, place), Complex(x, place + quarter))
        let (c, d) = (Complex(x, place + 2 * quarter), Complex(x, place + 3 * quarter))
        let (sum, difference) = (a + c, a - c)
        let (otherSum, otherDifference) = (b + d, (b - d).timesMinusI)
        (sum + otherSum).store(x, place)
        ((sum - otherSum) * Root(roots, 2 * k * step)).store(x, place + quarter)
        ((difference + otherDifference) * Root(roots, k * step)).store(x, place + 2 * quarter)
        ((difference - otherDifference) * Root(roots, 3 * k * step)).store(x, place + 3 * quarter)
      }
      start += size
    }
    size = quarter
  }
  // The last stage uses only the root 1.
  var place = 0
  while place < n {
    let (a, b) = (Complex(x, place), Complex(x, place + 1))
    let (c, d) = (Complex(x, place + 2), Complex(x, place + 3))
    let (sum, difference) = (a + c, a - c)
    let (otherSum, otherDifference) = (b + d, (b - d).timesMinusI)
    (sum + otherSum).store(x, place)
    (sum - otherSum).store(x, place + 1)
    (difference + otherDifference).store(x, place + 2)
    (difference - otherDifference).store(x, place + 3)
    place += 4
  }
}

/// The inverse of `fourierForward`, times n: takes bit-reversed order and returns natural order.
public func fourierBackward(_ x: ComplexLanes, _ n: Int, roots: UnsafePointer<Double>) {
  let isOdd = n.trailingZeroBitCount & 1 == 1
  let last = isOdd ? n / 2 : n
  // The first stage uses only the root 1.
  var first = 0
  while first < n {
    let (p, q) = (Complex(x, first), Complex(x, first + 1))
    let (r, s) = (Complex(x, first + 2), Complex(x, first + 3))
    let (sum, difference) = (p + q, p - q)
    let (otherSum, otherDifference) = (r + s, (r - s).timesMinusI)
    (sum + otherSum).store(x, first)
    (difference - otherDifference).store(x, first + 1)
    (sum - otherSum).store(x, first + 2)
    (difference + otherDifference).store(x, first + 3)
    first += 4
  }
  var size = 16
  while size <= last {
    let quarter = size / 4
    let step = n / size
    var start = 0
    while start < n {
      for k in 0..<quarter {
        let place = start + k
        let p = Complex(x, place)
        let q = Complex(x, place + quarter) * Root(roots, 2 * k * step).conjugate
        let r = Complex(x, place + 2 * quarter) * Root(roots, k * step).conjugate
        let s = Complex(x, place + 3 * quarter) * Root(roots, 3 * k * step).conjugate
        let (sum, difference) = (p + q, p - q)
        let (otherSum, otherDifference) = (r + s, (r - s).timesMinusI)
        (sum + otherSum).store(x, place)
        (difference - otherDifference).store(x, place + quarter)
        (sum - otherSum).store(x, place + 2 * quarter)
        (difference + otherDifference).store(x, place + 3 * quarter)
      }
      start += size
    }
    size *= 4
  }
  if isOdd {
    let half = n / 2
    for k in 0..<half {
      let (a, b) = (Complex(x, k), Complex(x, k + half) * Root(roots, k).conjugate)
      (a + b).store(x, k)
      (a - b).store(x, k + half)
    }
  }
}

/// One complex number of each of four sequences.
struct Complex {
  let re: DoubleLanes
  let im: DoubleLanes

  @inline(__always)
  init(_ re: DoubleLanes, _ im: DoubleLanes) { (self.re, self.im) = (re, im) }

  @inline(__always)
  init(_ x: ComplexLanes, _ index: Int) { self.init(x[2 * index], x[2 * index + 1]) }

  @inline(__always)
  func store(_ x: ComplexLanes, _ index: Int) {
    x[2 * index] = re
    x[2 * index + 1] = im
  }

  /// Times −i.
  @inline(__always)
  var timesMinusI: Complex { Complex(im, 0 - re) }

  @inline(__always)
  static func + (a: Complex, b: Complex) -> Complex { Complex(a.re + b.re, a.im + b.im) }

  @inline(__always)
  static func - (a: Complex, b: Complex) -> Complex { Complex(a.re - b.re, a.im - b.im) }

  @inline(__always)
  static func * (a: Complex, w: Root) -> Complex {
    Complex(a.re * w.re - a.im * w.im, a.re * w.im + a.im * w.re)
  }
}

/// A root of unity, the same for all sequences.
struct Root {
  let re: Double
  let im: Double

  @inline(__always)
  init(_ re: Double, _ im: Double) { (self.re, self.im) = (re, im) }

  @inline(__always)
  init(_ roots: UnsafePointer<Double>, _ index: Int) { self.init(roots[2 * index], roots[2 * index + 1]) }

  @inline(__always)
  var conjugate: Root { Root(re, -im) }
}
