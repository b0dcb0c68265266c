import CPUKernels
import Programs

/// A part of the batch of one step.
struct Part {
  private let source: BatchSource
  private let table: UnsafeMutablePointer<UInt32>
  private let indices: UnsafeMutablePointer<UInt32>
  private let batch: Int

  init(_ source: BatchSource, _ buffer: Buffer, _ memory: Memory) {
    self.source = source
    table = memory.words(source.table)
    indices = memory.words(source.indices)
    batch = buffer.images!.batch
  }

  func word(_ field: StepField, _ step: Int) -> UInt32 { table[step * StepTable.width + field.rawValue] }
  func float(_ field: StepField, _ step: Int) -> Float { Float(bitPattern: word(field, step)) }

  /// Images of `block` that are there, 0…16.
  func there(_ block: Int, _ step: Int) -> Int {
    let left = min(Int(word(.images, step)) - source.firstImage, batch) - block * Blocking.block
    return max(0, min(Blocking.block, left))
  }

  /// Data set indices of `block`; those of images that are not there may not be read.
  func indices(_ block: Int, _ step: Int) -> Indices {
    Indices(indices + step * source.rowLength + source.firstImage + block * Blocking.block)
  }

  func random(_ random: RandomSource, _ block: Int, _ step: Int) -> RandomBlock {
    RandomBlock(
      seed: random.seed, stream: random.stream, epoch: word(.epoch, step), indices: indices(block, step),
      count: there(block, step))
  }
}

extension MapSize {
  init(_ shape: MapShape) { self.init(channels: shape.channels, pixels: shape.height * shape.width) }
}

extension Buffer {
  /// Vectors of eight images in a block of these images.
  var blockVectors: Int { 2 * images!.shape.count }
}

/// One item for each block of `buffer`'s images.
func perBlock(_ buffer: Buffer, _ body: @escaping (_ block: Int, _ step: Int) -> Void) -> [Launch] {
  [
    Launch(
      items: Blocking.blocks(buffer.images!.batch), perChunk: Blocking.chunk / Blocking.block
    ) { block, _, step in body(block, step) }
  ]
}
