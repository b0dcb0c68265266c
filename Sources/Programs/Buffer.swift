/// What a buffer holds and how its elements are ordered.
package enum Contents: Hashable, Sendable {
  /// Activations of `batch` images, binary32, stored `[block of 16 images][y][x][channel][16]`.
  ///
  /// The last block is padded; lanes without an image hold finite values that are never read.
  case images(batch: Int, MapShape)
  /// Weights or biases in packed order (see ``ParameterShape``), binary32.
  case parameter(ParameterShape)
  /// Plain binary32 values.
  case floats(Int)
  /// Plain 32-bit words.
  case words(Int)
  /// Plain bytes.
  case bytes(Int)

  /// Number of elements, padding included.
  package var count: Int {
    switch self {
    case .images(let batch, let shape): Blocking.blocks(batch) * Blocking.block * shape.count
    case .parameter(let shape): shape.packedCount
    case .floats(let count), .words(let count), .bytes(let count): count
    }
  }

  /// Bytes of one element.
  package var elementBytes: Int {
    switch self {
    case .images, .parameter, .floats, .words: 4
    case .bytes: 1
    }
  }

  /// Number of bytes, padding included.
  package var byteCount: Int { elementBytes * count }
}

/// A numbered piece of memory that operations read and write.
package struct Buffer: Hashable, Sendable {
  /// Where the memory comes from and how long it lives.
  package enum Storage: Hashable, Sendable {
    /// Kept between runs; the host may read and write it. Starts as zeros.
    case persistent
    /// Kept between runs, filled once with these words when the program is prepared.
    case constant([UInt32])
    /// Lives from its first write to its last read within one routine; shares the arena with others.
    case transient
    /// Part of another buffer (which may be a part itself) of elements of the same size, starting at `offset`
    /// elements: a multiple of ``MemoryPlan/alignment`` bytes.
    case region(of: Int, offset: Int)
  }

  /// Index in ``Program/buffers``.
  package let id: Int
  /// Display name: `encoder.conv1.weight`.
  package let name: String
  /// Element type, count and order.
  package let contents: Contents
  /// Where the memory comes from.
  package let storage: Storage

  /// Number of elements, padding included.
  package var count: Int { contents.count }

  /// Batch and shape, where this buffer holds images.
  package var images: (batch: Int, shape: MapShape)? {
    if case .images(let batch, let shape) = contents { (batch, shape) } else { nil }
  }
}
