import CSystem
import Models
import TestSupport
import Testing
import Training

/// A program that uses the library may have set any arithmetic mode on its threads.
@Suite struct ArithmeticTests {
  @Test("A thread that rounds up and flushes denormals trains the same bits", arguments: [1, 2])
  func callersMode(_ threads: Int) throws {
    let configuration = try Support.configuration(.vae)
    let expected = try Support.hashes(configuration)
    let standard = facsimile_standard_arithmetic_mode()
    #if arch(x86_64)
      let mode = standard | 0xc040
    #else
      let mode = standard | 1 << 24 | 1 << 22
    #endif
    facsimile_set_arithmetic_mode(mode)
    // The backend's workers inherit the mode of the thread that creates them.
    let hashes = Result { try Support.hashes(configuration, threads: threads) }
    let after = facsimile_arithmetic_mode()
    facsimile_set_arithmetic_mode(standard)
    #expect(try hashes.get() == expected)
    #expect(after == mode)
  }
}
