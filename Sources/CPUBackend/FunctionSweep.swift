import CPUKernels
import Numerics
import Programs

extension CPUBackend: FunctionSweep {
  /// Runs on the calling thread.
  package func sweep(_ function: ElementaryFunction, first: UInt32, count: Int) throws -> [UInt32] {
    [UInt32](unsafeUninitializedCapacity: count) { buffer, initialized in
      sweepFunction(function, first: first, count: count, into: buffer.baseAddress!)
      initialized = count
    }
  }
}
