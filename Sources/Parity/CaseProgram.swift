import Numerics
import Programs

/// Initial contents of a buffer in a test case.
package enum Fill: Sendable {
  /// Whole numbers −4…4: exact sums, so that only indexing errors show, not rounding.
  case integers
  /// Both signs, exponents −24…12, occasionally a zero or a denormal number: shows every rounding.
  case wide
  /// Both signs, exponents −87…−80: products become zeros of either sign, which shows how a sum ends.
  case tiny
  /// Uniform in −3 ..< 3.
  case moderate
  /// Uniform in 0 ..< 1.
  case unit
  /// Bytes 0…255.
  case bytes
  /// Bytes 0..<n.
  case labels(UInt32)
  /// These words.
  case words([UInt32])
}

/// A program of one operation, with the initial contents of its buffers.
package struct CaseProgram {
  let seed: UInt64
  private(set) var builder = ProgramBuilder()
  package private(set) var fills: [(buffer: Buffer, fill: Fill)] = []

  package init(seed: UInt64) { self.seed = seed }

  package mutating func buffer(_ name: String, _ contents: Contents, _ fill: Fill? = nil) -> Buffer {
    let buffer = builder.buffer(name, contents, .persistent)
    if let fill { fills.append((buffer, fill)) }
    return buffer
  }

  mutating func images(_ name: String, _ batch: Int, _ shape: MapShape, _ fill: Fill? = nil) -> Buffer {
    buffer(name, .images(batch: batch, shape), fill)
  }

  mutating func parameter(_ name: String, _ shape: ParameterShape, _ fill: Fill? = nil) -> Buffer {
    buffer(name, .parameter(shape), fill)
  }

  package mutating func constant(_ name: String, _ words: [UInt32]) -> Buffer {
    builder.buffer(name, .words(words.count), .constant(words))
  }

  package mutating func region(_ name: String, _ shape: ParameterShape, of owner: Buffer, at offset: Int)
    -> Buffer
  {
    builder.buffer(name, .parameter(shape), .region(of: owner.id, offset: offset))
  }

  /// Tables of two steps for a part of `batch` images, the second step with fewer; the steps differ in every value.
  mutating func source(batch: Int, first: Int = 0, samples: UInt32 = 50) -> BatchSource {
    let row = batch + first
    var table = StepTable(steps: 2)
    for step in 0..<2 {
      table[step, .epoch] = UInt32(3 + step)
      table[step, .images] = UInt32(step == 0 ? row : max(1, row - row / 3))
      table.set(step, .lossScale, step == 0 ? 1 / 7 : 0.01)
      table.set(step, .gradientScale, step == 0 ? 2 / 7 : 0.3)
      table.set(step, .stepSize, step == 0 ? 0.001 : 0.0007)
      table.set(step, .secondMomentScale, step == 0 ? 0.0316 : 0.0447)
      table.set(step, .decay, 0.9999)
      table.set(step, .klWeight, step == 0 ? 0.7 : 1.3)
      table.set(step, .klGradientScale, step == 0 ? 0.03 : 0.07)
    }
    var indices = (0..<UInt32(2 * row)).map { $0 &* 2_654_435_761 % samples }
    for step in 0..<2 {
      for n in Int(table[step, .images])..<row { indices[step * row + n] = BatchSource.absent }
    }
    return BatchSource(
      table: buffer("table", .words(table.words.count), .words(table.words)),
      indices: buffer("indices", .words(indices.count), .words(indices)), rowLength: row, firstImage: first)
  }

  /// The program of `operations` on `backend`, its buffers filled.
  package func prepare(_ operations: [Operation], on backend: any Backend) throws -> any PreparedProgram {
    var builder = builder
    builder.add(Routine(.gradients, operations))
    let prepared = try backend.prepare(builder.program())
    for (buffer, fill) in fills {
      try contents(buffer, fill).withUnsafeBytes { try prepared.write($0, to: buffer, at: 0) }
    }
    return prepared
  }

  /// Stored values of `buffer` filled with `fill`. Lanes without an image hold +0.
  package func contents(_ buffer: Buffer, _ fill: Fill) -> [UInt8] {
    switch (fill, buffer.contents) {
    case (.words(let words), _): return words.withUnsafeBytes(Array.init)
    case (.bytes, _), (.labels, _):
      return words(buffer).map {
        if case .labels(let n) = fill { UInt8(($0 >> 8) % n) } else { UInt8($0 >> 24) }
      }
    case (_, .images(let batch, let shape)):
      let values = floats(buffer, fill, batch * shape.count)
      return ImageLayout.pack(values, shape, batch: batch).withUnsafeBytes(Array.init)
    case (_, .parameter(let shape)):
      return shape.pack(floats(buffer, fill, shape.count)).withUnsafeBytes(Array.init)
    default: return floats(buffer, fill, buffer.count).withUnsafeBytes(Array.init)
    }
  }

  private func words(_ buffer: Buffer, _ count: Int? = nil) -> [UInt32] {
    var words: [UInt32] = []
    let count = count ?? buffer.count
    words.reserveCapacity(count + 3)
    for quad in 0..<UInt32((count + 3) / 4) {
      let four = Philox4x32.words(key: seed, counter: SIMD4(0xca5e, UInt32(buffer.id), 0, quad))
      for lane in 0..<4 { words.append(four[lane]) }
    }
    return Array(words.prefix(count))
  }

  private func floats(_ buffer: Buffer, _ fill: Fill, _ count: Int) -> [Float] {
    words(buffer, count).map { word in
      let unit = Float(word >> 8) * 0x1p-24
      switch fill {
      case .integers: return Float(Int(word >> 8) % 9 - 4)
      case .unit: return unit
      case .moderate: return unit * 6 - 3
      case .tiny: return signed(word, exponent: 40 + (word >> 6) % 8)
      default: return wide(word)
      }
    }
  }

  private func wide(_ word: UInt32) -> Float {
    let kind = word & 63
    if kind == 0 { return 0 }
    if kind == 1 { return Float(bitPattern: word >> 9 | word & 0x8000_0000) }
    return signed(word, exponent: 127 - 24 + (word >> 6) % 37)
  }

  /// Sign and significand from `word`, with a biased exponent.
  private func signed(_ word: UInt32, exponent: UInt32) -> Float {
    Float(bitPattern: word & 0x8000_0000 | exponent << 23 | (word &* 2_654_435_761) >> 9)
  }
}
