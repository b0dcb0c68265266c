import CPUKernels
import Foundation
import Numerics
import Programs

/// Where a buffer's images are, block by block.
struct ImageBlocks {
  private let base: MutableImages
  /// Vectors of eight images in a block.
  let vectors: Int
  /// Vectors from one worker's memory to the next one's, where each holds the chunk that it is at; nil: all images are
  /// in one place.
  private let perWorker: Int?

  init(_ base: MutableImages, _ buffer: Buffer, perWorker: Int?) {
    self.base = base
    self.perWorker = perWorker
    vectors = 2 * buffer.images!.shape.count
  }

  /// The first block of the chunk that holds `block`.
  @inline(__always) func chunk(of block: Int, _ worker: Int) -> MutableImages {
    base
      + (perWorker.map { $0 * worker } ?? block / Blocking.blocksInChunk * Blocking.blocksInChunk * vectors)
  }

  @inline(__always) func callAsFunction(_ block: Int, _ worker: Int) -> MutableImages {
    chunk(of: block, worker) + block % Blocking.blocksInChunk * vectors
  }
}

/// The buffers of one prepared program, as pointers.
final class Memory {
  private var owned: [UnsafeMutableRawPointer] = []
  private var pointers: [UnsafeMutableRawPointer] = []
  /// Buffers that hold one chunk for each thread.
  private let local: Set<Int>
  /// Vectors of eight images from one thread's chunks to the next one's.
  private let perWorker: Int
  /// Two vectors of +0, read by taps outside the map.
  let zeros: Images
  private var scratch: [MutableImages] = []
  let threads: Int
  /// The convolutions for this processor's vectors.
  let convolutions: any ConvolutionKernels.Type

  /// Memory for all images of a step where they are needed later, else for a chunk of them per thread: it stays in the
  /// thread's cache.
  ///
  /// Throws: ``NotEnoughMemory`` before allocating anything, if more is needed than the process can get.
  init(_ program: Program, threads: Int, _ convolutions: any ConvolutionKernels.Type) throws {
    let chunkLocal = program.chunkLocal(threads: threads)
    let plan = MemoryPlan(program) { routine, index in
      routine.stretchStart(index, threads: threads)
    } bytes: {
      chunkLocal.contains($0.id) ? nil : $0.contents.byteCount
    }
    let chunkPlan = MemoryPlan(program, bytes: { chunkLocal.contains($0.id) ? $0.chunkBytes : nil })
    let needed = plan.arenaBytes + plan.persistentBytes + threads * chunkPlan.arenaBytes
    try HostMemory.require(needed, for: "the program")
    self.threads = threads
    self.convolutions = convolutions
    local = chunkLocal
    perWorker = chunkPlan.arenaBytes / MemoryLayout<Lanes>.size
    let block = try Self.allocate(64)
    zeros = Images(block.assumingMemoryBound(to: Lanes.self))
    owned = [block]
    let arena = try own(plan.arenaBytes)
    let chunks = try own(threads * chunkPlan.arenaBytes)
    for buffer in program.buffers {
      switch buffer.storage {
      case .persistent:
        pointers.append(try own(buffer.contents.byteCount))
      case .constant(let words):
        pointers.append(try own(buffer.contents.byteCount))
        words.withUnsafeBytes { words in
          guard let from = words.baseAddress else { return }
          pointers[buffer.id].copyMemory(from: from, byteCount: words.count)
        }
      case .transient:
        pointers.append(
          chunkPlan.offsets[buffer.id].map { chunks + $0 } ?? arena + plan.offsets[buffer.id, default: 0])
      case .region:
        // Its root has a lower number, since regions are made of existing buffers.
        let (root, offset) = program.root(of: buffer)
        pointers.append(pointers[root.id] + buffer.contents.elementBytes * offset)
      }
    }
  }

  deinit { for pointer in owned + scratch.map(UnsafeMutableRawPointer.init) { free(pointer) } }

  private func own(_ bytes: Int) throws -> UnsafeMutableRawPointer {
    let pointer = try Self.allocate(bytes)
    owned.append(pointer)
    return pointer
  }

  private static func allocate(_ bytes: Int) throws -> UnsafeMutableRawPointer {
    // Room for a last, partial vector.
    try HostMemory.allocate((max(bytes, 1) + 127) / 64 * 64, for: "the program")
  }

  /// Gives every worker at least `vectors` vectors of scratch; called while preparing only.
  func reserveScratch(_ vectors: Int) throws {
    for pointer in scratch { free(pointer) }
    scratch = []
    scratchSize = max(scratchSize, vectors)
    for _ in 0..<threads {
      scratch.append(try Self.allocate(32 * scratchSize).assumingMemoryBound(to: Lanes.self))
    }
  }
  private var scratchSize = 0

  func scratch(_ worker: Int) -> MutableImages { scratch[worker] }
  /// A whole buffer; those that hold one chunk for each thread have ``blocks(_:)`` only.
  func raw(_ buffer: Buffer) -> UnsafeMutableRawPointer {
    precondition(!local.contains(buffer.id), "\(buffer.name) holds one chunk for each thread")
    return pointers[buffer.id]
  }
  func images(_ buffer: Buffer) -> MutableImages { raw(buffer).assumingMemoryBound(to: Lanes.self) }
  func blocks(_ buffer: Buffer) -> ImageBlocks {
    ImageBlocks(
      pointers[buffer.id].assumingMemoryBound(to: Lanes.self), buffer,
      perWorker: local.contains(buffer.id) ? perWorker : nil)
  }
  func floats(_ buffer: Buffer) -> UnsafeMutablePointer<Float> {
    raw(buffer).assumingMemoryBound(to: Float.self)
  }
  func words(_ buffer: Buffer) -> UnsafeMutablePointer<UInt32> {
    raw(buffer).assumingMemoryBound(to: UInt32.self)
  }
  func bytes(_ buffer: Buffer) -> UnsafeMutablePointer<UInt8> {
    raw(buffer).assumingMemoryBound(to: UInt8.self)
  }
}
