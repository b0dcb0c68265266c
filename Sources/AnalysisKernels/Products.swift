/// Inner products of four points with `blocks` blocks of eight, [block][coordinate][8]; each sum runs over ascending
/// coordinates. `result` is [block][row][8].
///
/// - Parameters:
///   - a, b, c, d: the coordinates of the four; the same point may occur more than once.
///   - others: the first block.
///   - dimension: coordinates of a point.
public func innerProducts(
  _ a: UnsafePointer<Double>, _ b: UnsafePointer<Double>, _ c: UnsafePointer<Double>,
  _ d: UnsafePointer<Double>,
  _ others: UnsafePointer<SIMD8<Double>>, blocks: Int, dimension: Int,
  _ result: UnsafeMutablePointer<SIMD8<Double>>
) {
  for block in 0..<blocks {
    let column = others + block * dimension
    var (sumA, sumB, sumC, sumD) = (SIMD8<Double>(), SIMD8<Double>(), SIMD8<Double>(), SIMD8<Double>())
    for i in 0..<dimension {
      let values = column[i]
      sumA += a[i] * values
      sumB += b[i] * values
      sumC += c[i] * values
      sumD += d[i] * values
    }
    result[4 * block] = sumA
    result[4 * block + 1] = sumB
    result[4 * block + 2] = sumC
    result[4 * block + 3] = sumD
  }
}
