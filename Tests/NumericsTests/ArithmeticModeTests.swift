import CSystem
import Numerics
import Testing

@Suite struct ArithmeticModeTests {
  #if arch(x86_64)
    /// Flush to zero, denormals are zero, round down, up, towards zero.
    private static let modes: [UInt64] = [0x8000, 0x0040, 0x2000, 0x4000, 0x6000, 0xe040]
  #else
    private static let modes: [UInt64] = [1 << 24, 2 << 22, 1 << 22, 3 << 22, 1 << 24 | 3 << 22]
  #endif

  @Test("Whatever the process has set is seen, and set right for a while or for good", arguments: modes)
  func isSeenAndSetRight(_ bits: UInt64) {
    let standard = facsimile_standard_arithmetic_mode()
    defer { facsimile_set_arithmetic_mode(standard) }
    #expect(ArithmeticMode.isStandard && ArithmeticMode.fault == nil)
    facsimile_set_arithmetic_mode(standard | bits)
    let fault = ArithmeticMode.fault
    let isStandard = ArithmeticMode.isStandard
    let inside = ArithmeticMode.standard { (ArithmeticMode.isStandard, ArithmeticMode.fault) }
    let after = facsimile_arithmetic_mode()
    ArithmeticMode.establish()
    #expect(!isStandard && fault != nil)
    #expect(inside.0 && inside.1 == nil)
    #expect(after == standard | bits, "the thread is the caller's")
    #expect(ArithmeticMode.isStandard && ArithmeticMode.fault == nil)
  }
}
