import Parity
import Programs
import TestSupport
import Testing

/// A backend may process each chunk of 32 images through several operations before the next chunk. An operation that
/// allows this must compute a chunk's results from the images of that chunk alone.
@Suite("Chunks by themselves") struct ChunkTests {
  /// Every case whose operation allows it and whose batch has two chunks or more. Products of tiny values would all be
  /// zero.
  static let cases = OperationCase.all.filter {
    try! (ChunkedCase($0)?.chunks ?? 0) >= 2 && !$0.name.contains("tiny")
  }

  @Test("No image changes a bit of another chunk, and every chunk sees its own", arguments: cases)
  func independent(_ test: OperationCase) throws {
    let test = try #require(try ChunkedCase(test))
    let all = Set(0..<test.chunks)
    let before = try test.results(changing: [])
    for chunk in all {
      let (others, own) = (
        try test.results(changing: all.subtracting([chunk])), try test.results(changing: [chunk])
      )
      var isSeen = false
      for (index, buffer) in test.operation.descriptor.results.enumerated() {
        let range = try test.range(of: chunk, in: buffer)
        let wrong = range.first { others[index][$0] != before[index][$0] }
        #expect(wrong == nil, "place of \(buffer.name) in chunk \(chunk) that another chunk's images change")
        isSeen = isSeen || own[index][range] != before[index][range]
      }
      #expect(isSeen, "chunk \(chunk) does not depend on its own images")
    }
  }

  @Test("Every operation that allows chunks has such a case")
  func coverage() throws {
    let allowed = Set(try OperationCase.all.filter { try ChunkedCase($0) != nil }.map(\.kind))
    #expect(allowed == Set(Self.cases.map(\.kind)))
    #expect(allowed.contains(.conv2DForward) && !allowed.contains(.sumPartials))
  }
}

extension OperationCase: CustomTestStringConvertible {
  public var testDescription: String { "\(kind.rawValue) \(name)" }
}

/// A case of an operation that allows chunks, to be run with some chunks' images replaced.
private struct ChunkedCase {
  let operation: Operation
  let batch: Int
  private let setup: CaseProgram
  private static let seed: UInt64 = 31

  /// Nil if the operation does not allow it.
  init?(_ test: OperationCase) throws {
    var setup = CaseProgram(seed: Self.seed)
    operation = try test.make(&setup)
    self.setup = setup
    guard let batch = operation.descriptor.chunkedBatch else { return nil }
    self.batch = batch
  }

  var chunks: Int { Blocking.chunks(batch) }

  /// Images of a chunk.
  private func images(_ chunk: Int) -> Range<Int> {
    chunk * Blocking.chunk..<min((chunk + 1) * Blocking.chunk, batch)
  }

  /// The part of a result of ``results(changing:)`` that belongs to a chunk.
  func range(of chunk: Int, in buffer: Buffer) throws -> Range<Int> {
    if let (count, shape) = buffer.images, count == batch {
      return images(chunk).lowerBound * shape.count..<images(chunk).upperBound * shape.count
    }
    // One row of partial sums per chunk.
    try #require(buffer.count % chunks == 0, "\(buffer.name) does not fall into \(chunks) chunks")
    let row = buffer.count / chunks
    return chunk * row..<(chunk + 1) * row
  }

  /// Every result, images in PyTorch's order, with other images in the chunks `changed`.
  func results(changing changed: Set<Int>) throws -> [[UInt32]] {
    let prepared = try setup.prepare([operation], on: cpu(1))
    let places = changed.flatMap(images)
    for (buffer, fill) in setup.fills {
      if let (count, shape) = buffer.images, count == batch {
        try prepared.write(replacing(places, of: shape, in: buffer, fill), to: buffer)
      } else if buffer.name == "indices", buffer.count >= 2 * batch {
        // If a batch has several samples of each image, chunks share the images.
        try prepared.write(otherSamples(places, buffer, fill), to: buffer)
      } else if let gather = operation.descriptor as? GatherImages, gather.rows > 0, buffer == gather.dataset
      {
        try prepared.write(otherWindow(places, gather, fill), to: buffer)
      }
    }
    try prepared.run(.gradients, step: 0)
    return try operation.descriptor.results.map { try prepared.tensor($0).map(\.bitPattern) }
  }

  /// The images of `buffer`, with those of `places` from another seed.
  private func replacing(_ places: [Int], of shape: MapShape, in buffer: Buffer, _ fill: Fill) -> [Float] {
    func values(_ setup: CaseProgram) -> [Float] {
      let stored = setup.contents(buffer, fill).withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
      return ImageLayout.unpack(stored, shape, batch: batch)
    }
    let others = values(CaseProgram(seed: Self.seed + 1))
    var images = values(setup)
    for n in places {
      let range = n * shape.count..<(n + 1) * shape.count
      images.replaceSubrange(range, with: others[range])
    }
    return ImageLayout.pack(images, shape, batch: batch)
  }

  /// The window that images are gathered from, with different bytes for those of `places` in the first step.
  private func otherWindow(_ places: [Int], _ gather: GatherImages, _ fill: Fill) -> [UInt8] {
    var bytes = setup.contents(gather.dataset, fill)
    let count = gather.output.images!.shape.count
    for n in places {
      let first = (gather.source.firstImage + n) * count
      for index in first..<first + count { bytes[index] ^= 0x55 }
    }
    return bytes
  }

  /// The sample numbers of the first step's images, with those of `places` replaced by the next ones.
  private func otherSamples(_ places: [Int], _ buffer: Buffer, _ fill: Fill) -> [UInt32] {
    var samples = setup.contents(buffer, fill).withUnsafeBytes { Array($0.bindMemory(to: UInt32.self)) }
    let first = samples.count / 2 - batch
    for n in places { samples[first + n] = (samples[first + n] + 1) % 50 }
    return samples
  }
}
