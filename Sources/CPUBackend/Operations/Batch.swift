import CPUKernels
import Programs

/// A part of the batch of one step.
struct Part {
  private let source: BatchSource
  private let table: UnsafeMutablePointer<UInt32>
  private let indices: UnsafeMutablePointer<UInt32>
  private let batch: Int
  /// Blocks of one sample of the images; the other samples follow.
  private let blocks: Int
  /// Quads of random numbers that one sample takes.
  private let quads: Int

  init(_ source: BatchSource, _ buffer: Buffer, _ memory: Memory) {
    self.source = source
    table = memory.words(source.table)
    indices = memory.words(source.indices)
    let (rows, shape) = buffer.images!
    batch = source.images(rows: rows)
    blocks = Blocking.blocks(batch)
    quads = (shape.count + 3) / 4
  }

  /// The block of images that `block` is a sample of.
  func imageBlock(_ block: Int) -> Int { block % blocks }

  /// Where the samples of a block of images lie, one value per image.
  var samples: SampleBlocks { SampleBlocks(count: source.samples, stride: 2 * blocks) }

  func word(_ field: StepField, _ step: Int) -> UInt32 { table[step * StepTable.width + field.rawValue] }
  func float(_ field: StepField, _ step: Int) -> Float { Float(bitPattern: word(field, step)) }

  /// Number of images in `block`, 0…16.
  func there(_ block: Int, _ step: Int) -> Int {
    let first = imageBlock(block) * Blocking.block
    let left = min(Int(word(.images, step)) - source.firstImage, batch) - first
    return max(0, min(Blocking.block, left))
  }

  /// Data set indices of `block`; those of absent images may not be read.
  func indices(_ block: Int, _ step: Int) -> Indices {
    Indices(indices + step * source.rowLength + source.firstImage + imageBlock(block) * Blocking.block)
  }

  /// Position of the first image of `block` in a window of `rows` batches.
  func place(_ block: Int, _ step: Int, rows: Int) -> Int {
    step % rows * source.rowLength + source.firstImage + imageBlock(block) * Blocking.block
  }

  func random(_ random: RandomSource, _ block: Int, _ step: Int, isFresh: Bool = true) -> RandomBlock {
    RandomBlock(
      seed: random.seed, stream: random.stream, epoch: isFresh ? word(.epoch, step) : 0,
      indices: indices(block, step), count: there(block, step), firstQuad: block / blocks * quads)
  }
}

extension MapSize {
  init(_ shape: MapShape) { self.init(channels: shape.channels, pixels: shape.height * shape.width) }
}

/// One item for each block of `buffer`'s images.
func perBlock(
  _ buffer: Buffer, _ body: @escaping (_ block: Int, _ worker: Int, _ step: Int) -> Void
) -> [Launch] {
  [Launch(items: Blocking.blocks(buffer.images!.batch), perChunk: Blocking.blocksInChunk, body)]
}
