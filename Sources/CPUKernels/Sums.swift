import Numerics

/// Sums one value per image over the blocks of a part: 8 lanes in (block, half) order, lane join, + 0.0.
public func sumImages(_ values: Images, blocks: Int) -> Float {
  var sum = Lanes(repeating: 0)
  for block in 0..<blocks {
    sum = sum + values[2 * block]
    sum = sum + values[2 * block + 1]
  }
  return Summation.closed(Summation.joinLanes(sum))
}

/// Joins `count` values by the binary tree, in place.
public func joinTree(_ values: UnsafeMutablePointer<Float>, count: Int) -> Float {
  Summation.closed(Summation.chunkTree(values, count: count))
}

/// Joins `count` rows of `width` floats, `stride` apart, by the binary tree (in place) and stores the sums.
public func joinRows(
  _ rows: UnsafeMutablePointer<Float>, count: Int, stride: Int, width: Int,
  into output: UnsafeMutablePointer<Float>
) {
  Summation.chunkTree(rows: rows, count: count, stride: stride, width: width)
  for i in 0..<width { output[i] = Summation.closed(rows[i]) }
}

/// Sum of squares of one chunk of a gradient in PyTorch's element order: 8 lanes (i mod 8), lane join.
public func squaresOfChunk(
  _ gradient: UnsafePointer<Float>, small: Int, big: Int, taps: Int, first: Int, last: Int
) -> Float {
  var sums = Lanes(repeating: 0)
  for index in first..<last {
    let (tap, b, s) = (index % taps, index / taps % big, index / taps / big)
    let g = gradient[(((s >> 2) * taps + tap) * big + b) * 4 + (s & 3)]
    sums[index & 7] = fma(g, g, sums[index & 7])
  }
  return Summation.joinLanes(sums)
}
