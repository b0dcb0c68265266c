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

extension GatherImages {
  func launch(_ memory: Memory) -> Launch {
    let (from, to, part) = (memory.bytes(dataset), memory.images(output), Part(source, output, memory))
    let shape = output.images!.shape
    let (size, vectors) = (MapSize(shape), 2 * shape.count)
    return perBlock(output) { block, step in
      gatherImages(
        from, size, indices: part.indices(block, step), count: part.there(block, step),
        output: to + block * vectors)
    }
  }
}

extension AddNoise {
  func launch(_ memory: Memory) -> Launch {
    let (from, to, part) = (memory.images(input), memory.images(output), Part(source, output, memory))
    let shape = output.images!.shape
    let (size, vectors, random, factor) = (MapSize(shape), 2 * shape.count, random, factor)
    return perBlock(output) { block, step in
      addNoise(
        from + block * vectors, size, random: part.random(random, block, step), level: factor,
        output: to + block * vectors)
    }
  }
}

extension DropoutForward {
  func launch(_ memory: Memory) -> Launch { launch(memory, from: input, to: output) }

  fileprivate func launch(_ memory: Memory, from: Buffer, to: Buffer) -> Launch {
    let part = Part(source, to, memory)
    let shape = to.images!.shape
    let (size, vectors) = (MapSize(shape), 2 * shape.count)
    let (from, into, random, keep, scale) = (memory.images(from), memory.images(to), random, keep, scale)
    return perBlock(to) { block, step in
      dropout(
        from + block * vectors, size, random: part.random(random, block, step), keep: keep, scale: scale,
        output: into + block * vectors)
    }
  }
}

extension DropoutBackward {
  func launch(_ memory: Memory) -> Launch { forward.launch(memory, from: outputGradient, to: inputGradient) }
}
