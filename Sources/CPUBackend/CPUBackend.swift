import CPUConvolutions
import CPUConvolutions512
import CPUKernels
import Foundation
import Programs

/// The CPU as a device: pure Swift SIMD, images as lanes, threads over blocks × channel tiles.
package struct CPUBackend: Backend {
  /// Number of threads.
  package let threads: Int
  /// Width of the convolutions' vectors.
  package let vectors: VectorWidth
  package let device: DeviceInfo

  /// A backend with `threads` threads, by default ``ProcessorShare/threads``, and the processor's widest vectors unless
  /// `vectors` is given. Neither changes a bit.
  ///
  /// Throws: ``CPUError`` if the processor lacks instructions that the kernels are compiled for, or `threads` is not in
  /// 1...1024.
  package init(threads: Int? = nil, vectors: VectorWidth? = nil) throws {
    let count = threads ?? ProcessorShare.here.threads
    guard (1...1024).contains(count) else { throw CPUError("threads is \(count), expected 1...1024") }
    try Processor.check()
    guard vectors != .wide || Processor.vectors == .wide else {
      throw CPUError("this processor (\(Processor.name)) has no vectors of 512 bits")
    }
    self.threads = count
    self.vectors = vectors ?? Processor.vectors
    device = Self.facts(threads: count, driver: self.vectors.instructions)
  }

  /// A description of the device for when the backend cannot be opened.
  package static var unopened: DeviceInfo { facts(threads: 0, driver: "") }

  private static func facts(threads: Int, driver: String) -> DeviceInfo {
    DeviceInfo(
      identifier: "cpu", name: Processor.name, kind: .cpu, driver: driver, units: threads, unit: "thread")
  }

  /// Peak rate of fused multiply-adds of one thread with the processor's widest vectors, in FLOPs per second.
  package static func measurePeak() -> Double { convolutions(Processor.vectors).measurePeak() }

  private static func convolutions(_ vectors: VectorWidth) -> any ConvolutionKernels.Type {
    vectors == .wide ? CPUConvolutions512.Convolutions.self : CPUConvolutions.Convolutions.self
  }

  /// Allocates the program's memory and its threads.
  ///
  /// Throws: ``ProgramError`` if an operation uses buffers that are not the program's.
  package func prepare(_ program: Program) throws -> any PreparedProgram {
    try program.checkBuffers()
    return try CPUProgram(program, threads: threads, Self.convolutions(vectors))
  }
}

/// The reason why the CPU backend cannot run here.
package struct CPUError: Error, CustomStringConvertible, Sendable {
  /// The message, in one line.
  package let description: String
  init(_ description: String) { self.description = description }
}
