import CPUKernels
import Numerics
import Programs

/// The buffers of one prepared program, as pointers.
final class Memory {
  private var owned: [UnsafeMutableRawPointer] = []
  private var pointers: [UnsafeMutableRawPointer] = []
  /// Two vectors of +0: what a tap outside reads.
  let zeros: Images
  private var scratch: [MutableImages] = []
  let threads: Int
  /// The convolutions for this processor's vectors.
  let convolutions: any ConvolutionKernels.Type

  init(_ program: Program, _ plan: MemoryPlan, threads: Int, _ convolutions: any ConvolutionKernels.Type) {
    self.threads = threads
    self.convolutions = convolutions
    zeros = Images(Self.allocate(64).assumingMemoryBound(to: Lanes.self))
    let arena = Self.allocate(plan.arenaBytes)
    owned = [UnsafeMutableRawPointer(mutating: zeros), arena]
    for buffer in program.buffers {
      switch buffer.storage {
      case .persistent:
        pointers.append(Self.allocate(buffer.contents.byteCount))
        owned.append(pointers[buffer.id])
      case .constant(let words):
        pointers.append(Self.allocate(buffer.contents.byteCount))
        owned.append(pointers[buffer.id])
        words.withUnsafeBytes { words in
          guard let from = words.baseAddress else { return }
          pointers[buffer.id].copyMemory(from: from, byteCount: words.count)
        }
      case .transient:
        pointers.append(arena + plan.offsets[buffer.id, default: 0])
      case .region:
        // Its root has a lower number: a region is made of a buffer that is there.
        let (root, offset) = program.root(of: buffer)
        pointers.append(pointers[root.id] + buffer.contents.elementBytes * offset)
      }
    }
  }

  deinit { for pointer in owned + scratch.map(UnsafeMutableRawPointer.init) { pointer.deallocate() } }

  private static func allocate(_ bytes: Int) -> UnsafeMutableRawPointer {
    // Room for a last vector that is only partly ours.
    let size = (max(bytes, 1) + 127) / 64 * 64
    let pointer = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 64)
    pointer.initializeMemory(as: UInt8.self, repeating: 0, count: size)
    return pointer
  }

  /// Gives every worker at least `vectors` vectors of scratch; called while preparing only.
  func reserveScratch(_ vectors: Int) {
    for pointer in scratch { pointer.deallocate() }
    scratchSize = max(scratchSize, vectors)
    scratch = (0..<threads).map { _ in
      Self.allocate(32 * scratchSize).assumingMemoryBound(to: Lanes.self)
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
