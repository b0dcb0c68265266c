import Numerics

/// Channels, rows and columns of a map.
public struct MapSize: Sendable {
  let channels: Int
  let pixels: Int

  /// A map of `channels` × `pixels` values.
  public init(channels: Int, pixels: Int) {
    self.channels = channels
    self.pixels = pixels
  }

  @inline(__always) var count: Int { channels * pixels }
  /// Vectors of one block.
  @inline(__always) var block: Int { channels * pixels * 2 }
  /// Calls `body` for every element in (channel, y, x) order, with the offset of its vectors.
  @inline(__always) func forEachElement(_ body: (_ element: Int, _ place: Int) -> Void) {
    for channel in 0..<channels {
      for pixel in 0..<pixels { body(channel * pixels + pixel, 2 * (pixel * channels + channel)) }
    }
  }

  /// The same offsets one after another.
  @inline(__always) var places: Places { Places(self) }

  struct Places {
    private let size: MapSize
    private var (channel, pixel) = (0, 0)

    @inline(__always) init(_ size: MapSize) { self.size = size }

    @inline(__always) mutating func next() -> Int {
      let place = 2 * (pixel * size.channels + channel)
      pixel += 1
      if pixel == size.pixels { (pixel, channel) = (0, channel + 1) }
      return place
    }
  }
}

/// The data set indices of one block, or ``absentImage`` where there is none: 16 words.
public typealias Indices = UnsafePointer<UInt32>

/// Marks a place without an image.
public let absentImage = UInt32.max

/// One block of images from the data set's bytes: x ÷ 255; absent images become zeros.
///
/// - Parameter row: position of the block's images if they lie one after another; nil: by their indices.
public func gatherImages(
  _ dataset: UnsafePointer<UInt8>, _ size: MapSize, indices: Indices, count: Int, row: Int?,
  output: MutableImages
) {
  for half in 0..<2 {
    let first = half * 8
    // A place without an image reads the first one; its lane is cleared below.
    @inline(__always) func start(_ lane: Int) -> UnsafePointer<UInt8> {
      let n = first + lane
      let index = n < count && indices[n] != absentImage ? row.map { $0 + n } ?? Int(indices[n]) : 0
      return dataset + index * size.count
    }
    let (p0, p1, p2, p3) = (start(0), start(1), start(2), start(3))
    let (p4, p5, p6, p7) = (start(4), start(5), start(6), start(7))
    let there = present(indices + first, count - first)
    size.forEachElement { element, place in
      let bytes = SIMD8<Int32>(
        Int32(p0[element]), Int32(p1[element]), Int32(p2[element]), Int32(p3[element]),
        Int32(p4[element]), Int32(p5[element]), Int32(p6[element]), Int32(p7[element]))
      let value = Formulas.byteToFloat(bytes)
      output[place + half] = choose(there, value, Lanes(repeating: 0))
    }
  }
}

/// Which of the eight images from `indices` on are present, at most `count`.
@inline(__always) func present(_ indices: Indices, _ count: Int) -> LaneMask {
  samples(indices, count) .!= WordLanes(repeating: absentImage)
}

/// The data set indices of eight images, absent beyond `count`.
@inline(__always) func samples(_ indices: Indices, _ count: Int) -> WordLanes {
  var words = WordLanes(repeating: absentImage)
  for lane in 0..<8 where lane < count { words[lane] = indices[lane] }
  return words
}

/// A block's place in the random streams: numerics contract, section 4.
public struct RandomBlock {
  let seed: UInt64
  let stream: UInt32
  let epoch: UInt32
  let indices: Indices
  let count: Int
  let firstQuad: Int

  /// The streams, from element 4·`firstQuad` on, of the (at most 16) samples at `indices`, of which `count` are in
  /// the part.
  public init(
    seed: UInt64, stream: UInt32, epoch: UInt32, indices: Indices, count: Int, firstQuad: Int = 0
  ) {
    self.seed = seed
    self.stream = stream
    self.epoch = epoch
    self.indices = indices
    self.count = count
    self.firstQuad = firstQuad
  }

  /// The same streams from `quads` quads further on.
  func advanced(by quads: Int) -> RandomBlock {
    RandomBlock(
      seed: seed, stream: stream, epoch: epoch, indices: indices, count: count, firstQuad: firstQuad + quads)
  }

  /// The words of elements 4·quad … 4·quad + 3 for eight samples.
  @inline(__always) func words(_ samples: WordLanes, _ quad: Int)
    -> (WordLanes, WordLanes, WordLanes, WordLanes)
  {
    Philox4x32.words(
      key: seed, WordLanes(repeating: stream), WordLanes(repeating: epoch), samples,
      WordLanes(repeating: UInt32(truncatingIfNeeded: firstQuad + quad)))
  }

  /// The normal numbers of elements 4·quad … 4·quad + 3.
  @inline(__always) func normals(_ samples: WordLanes, _ quad: Int) -> (Lanes, Lanes, Lanes, Lanes) {
    let w = words(samples, quad)
    let (low, high) = (normals(w.0, w.1), normals(w.2, w.3))
    return (low.even, low.odd, high.even, high.odd)
  }

  @inline(__always) private func normals(_ a: WordLanes, _ b: WordLanes) -> (even: Lanes, odd: Lanes) {
    RandomVariates.normalPair(a, b)
  }
}

/// One block: noise on every element.
public func addNoise(
  _ input: Images, _ size: MapSize, random: RandomBlock, level: Float, output: MutableImages
) {
  for half in 0..<2 {
    let samples = samples(random.indices + 8 * half, random.count - 8 * half)
    var places = size.places
    for quad in 0..<(size.count + 3) / 4 {
      let n = random.normals(samples, quad)
      let left = size.count - 4 * quad
      noisy(input, output, places.next() + half, n.0, level)
      if left > 1 { noisy(input, output, places.next() + half, n.1, level) }
      if left > 2 { noisy(input, output, places.next() + half, n.2, level) }
      if left > 3 { noisy(input, output, places.next() + half, n.3, level) }
    }
  }
}

@inline(__always) private func noisy(
  _ input: Images, _ output: MutableImages, _ place: Int, _ normal: Lanes, _ level: Float
) {
  output[place] = Formulas.addNoise(input[place], normal, level: level)
}

/// One block: output = u < keep ? input · scale : 0, forward and (on gradients) backward.
public func dropout(
  _ input: Images, _ size: MapSize, random: RandomBlock, keep: Float, scale: Float, output: MutableImages
) {
  for half in 0..<2 {
    let samples = samples(random.indices + 8 * half, random.count - 8 * half)
    var places = size.places
    for quad in 0..<(size.count + 3) / 4 {
      let w = random.words(samples, quad)
      let left = size.count - 4 * quad
      dropped(input, output, places.next() + half, w.0, keep, scale)
      if left > 1 { dropped(input, output, places.next() + half, w.1, keep, scale) }
      if left > 2 { dropped(input, output, places.next() + half, w.2, keep, scale) }
      if left > 3 { dropped(input, output, places.next() + half, w.3, keep, scale) }
    }
  }
}

@inline(__always) private func dropped(
  _ input: Images, _ output: MutableImages, _ place: Int, _ word: WordLanes, _ keep: Float, _ scale: Float
) {
  output[place] = Formulas.dropout(input[place], RandomVariates.uniform(word), keep: keep, scale: scale)
}

/// One block: output = u < input ? 1 : 0.
public func binarise(_ input: Images, _ size: MapSize, random: RandomBlock, output: MutableImages) {
  for half in 0..<2 {
    let samples = samples(random.indices + 8 * half, random.count - 8 * half)
    var places = size.places
    for quad in 0..<(size.count + 3) / 4 {
      let w = random.words(samples, quad)
      let left = size.count - 4 * quad
      binarised(input, output, places.next() + half, w.0)
      if left > 1 { binarised(input, output, places.next() + half, w.1) }
      if left > 2 { binarised(input, output, places.next() + half, w.2) }
      if left > 3 { binarised(input, output, places.next() + half, w.3) }
    }
  }
}

@inline(__always) private func binarised(
  _ input: Images, _ output: MutableImages, _ place: Int, _ word: WordLanes
) {
  output[place] = Formulas.binarise(input[place], RandomVariates.uniform(word))
}
