/// The fixed orders of summation of the contract.
///
/// Every sum of section 3 of the contract ends with `+ 0.0f` (`closed`), once, after lanes, chunks and parts
/// have been joined: the functions here do not add it, their callers end the sum. It turns a total of −0, which only a
/// sum of nothing but −0 can have, into +0.
public enum Summation {
  /// Joins the eight lanes of a sum: `((l0+l2)+(l1+l3)) + ((l4+l6)+(l5+l7))`.
  @inlinable @inline(__always)
  public static func joinLanes(_ l: Lanes) -> Float {
    ((l[0] + l[2]) + (l[1] + l[3])) + ((l[4] + l[6]) + (l[5] + l[7]))
  }

  /// Joins the lanes of four sums at once, with the same bits as `joinLanes` on each of them.
  @inlinable @inline(__always)
  public static func joinLanes4(_ a: Lanes, _ b: Lanes, _ c: Lanes, _ d: Lanes) -> SIMD4<Float> {
    // In each half: l0+l2 and l1+l3 of two sums side by side, then of all four, then their sums.
    let ab = evenPairs(a, b) + oddPairs(a, b)
    let cd = evenPairs(c, d) + oddPairs(c, d)
    let halves =
      Lanes(ab[0], ab[2], cd[0], cd[2], ab[4], ab[6], cd[4], cd[6])
      + Lanes(ab[1], ab[3], cd[1], cd[3], ab[5], ab[7], cd[5], cd[7])
    let pairs = unsafeBitCast(halves, to: SIMD4<Double>.self)
    return unsafeBitCast(SIMD2(pairs[0], pairs[1]), to: SIMD4<Float>.self)
      + unsafeBitCast(SIMD2(pairs[2], pairs[3]), to: SIMD4<Float>.self)
  }

  // Lanes are moved in pairs, as doubles that nothing is computed with: if they are moved one by one, LLVM splits the
  // registers and needs three times as many instructions.

  /// In each half, the first two lanes of `a` and of `b`.
  @inlinable @inline(__always)
  static func evenPairs(_ a: Lanes, _ b: Lanes) -> Lanes {
    let (a, b) = (unsafeBitCast(a, to: SIMD4<Double>.self), unsafeBitCast(b, to: SIMD4<Double>.self))
    return unsafeBitCast(SIMD4(a[0], b[0], a[2], b[2]), to: Lanes.self)
  }

  /// In each half, the last two lanes of `a` and of `b`.
  @inlinable @inline(__always)
  static func oddPairs(_ a: Lanes, _ b: Lanes) -> Lanes {
    let (a, b) = (unsafeBitCast(a, to: SIMD4<Double>.self), unsafeBitCast(b, to: SIMD4<Double>.self))
    return unsafeBitCast(SIMD4(a[1], b[1], a[3], b[3]), to: Lanes.self)
  }

  /// Joins `count` values, `stride` apart, by the binary tree over neighbours and returns their sum.
  ///
  /// Neighbours pair; an odd last one passes up unchanged. The values are overwritten by partial sums.
  /// `count` is at least 1.
  @inlinable @inline(__always)
  public static func chunkTree(
    _ values: UnsafeMutablePointer<Float>, count: Int, stride: Int = 1
  ) -> Float {
    var step = 1
    while step < count {
      var index = 0
      while index + step < count {
        values[index * stride] += values[(index + step) * stride]
        index += 2 * step
      }
      step *= 2
    }
    return values[0]
  }

  /// Joins `count` rows of `width` values, `stride` apart, column by column as `chunkTree` does; the sums end
  /// in the first row, the other rows hold partial sums. `count` is at least 1.
  @inlinable @inline(__always)
  public static func chunkTree(
    rows: UnsafeMutablePointer<Float>, count: Int, stride: Int, width: Int
  ) {
    var step = 1
    while step < count {
      var index = 0
      while index + step < count {
        let left = rows + index * stride
        let right = rows + (index + step) * stride
        var column = 0
        while column + 8 <= width {
          let sum = load(left + column) + load(right + column)
          UnsafeMutableRawPointer(left + column).storeBytes(of: sum, as: Lanes.self)
          column += 8
        }
        while column < width {
          left[column] += right[column]
          column += 1
        }
        index += 2 * step
      }
      step *= 2
    }
  }

  /// Ends a sum: `sum + 0.0f`, so that a total of −0 becomes +0.
  @inlinable @inline(__always)
  public static func closed(_ sum: Float) -> Float { sum + 0 }

  /// Ends eight sums, one per lane.
  @inlinable @inline(__always)
  public static func closed(_ sum: Lanes) -> Lanes { sum + Lanes(repeating: 0) }

  /// Joins two nodes of the tree over the parts of a batch, value by value: `sum[i] = left[i] + right[i]`.
  ///
  /// All three have the same number of values; `sum` may be one of the others.
  public static func add(
    _ left: UnsafeMutableBufferPointer<Float>, _ right: UnsafeMutableBufferPointer<Float>,
    into sum: UnsafeMutableBufferPointer<Float>
  ) {
    let whole = sum.count & ~7
    for index in stride(from: 0, to: whole, by: 8) {
      let total = load(left.baseAddress! + index) + load(right.baseAddress! + index)
      UnsafeMutableRawPointer(sum.baseAddress! + index).storeBytes(of: total, as: Lanes.self)
    }
    for index in whole..<sum.count { sum[index] = left[index] + right[index] }
  }

  /// Eight values from memory, at any alignment.
  @inlinable @inline(__always)
  static func load(_ pointer: UnsafeMutablePointer<Float>) -> Lanes {
    UnsafeRawPointer(pointer).loadUnaligned(as: Lanes.self)
  }
}
