import CPUKernels
import Foundation
import Numerics
import Programs

/// The buffers of one prepared program, as pointers.
final class Memory {
  private var owned: [UnsafeMutableRawPointer] = []
  private var pointers: [UnsafeMutableRawPointer] = []
  /// Two vectors of +0, read by taps outside the map.
  let zeros: Images
  private var scratch: [MutableImages] = []
  let threads: Int
  /// The convolutions for this processor's vectors.
  let convolutions: any ConvolutionKernels.Type

  /// Throws: ``NotEnoughMemory`` before allocating anything, if more is needed than the process can get.
  init(
    _ program: Program, _ plan: MemoryPlan, threads: Int, _ convolutions: any ConvolutionKernels.Type
  ) throws {
    let needed = plan.arenaBytes + plan.persistentBytes
    try HostMemory.require(needed, for: "the program")
    self.threads = threads
    self.convolutions = convolutions
    let block = try Self.allocate(64)
    zeros = Images(block.assumingMemoryBound(to: Lanes.self))
    owned = [block]
    let arena = try own(plan.arenaBytes)
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
        pointers.append(arena + plan.offsets[buffer.id, default: 0])
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
  func raw(_ buffer: Buffer) -> UnsafeMutableRawPointer { pointers[buffer.id] }
  func images(_ buffer: Buffer) -> MutableImages { raw(buffer).assumingMemoryBound(to: Lanes.self) }
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
