import CSystem

/// How the calling thread's floating-point unit rounds, and whether it keeps denormals.
///
/// The contract asks for round to nearest even and gradual underflow. Every thread of a process has a register of its own
/// for that, and anything loaded into the process may have changed it: a library linked with `-ffast-math` does in its
/// constructor, an OpenCL vendor's may in any call. So whoever computes sets it first.
package enum ArithmeticMode {
  /// Whether the calling thread computes as the contract asks.
  package static var isStandard: Bool {
    facsimile_arithmetic_mode() == facsimile_standard_arithmetic_mode()
  }

  /// Has the calling thread compute as the contract asks, from now on. Costs some nanoseconds.
  package static func establish() {
    let standard = facsimile_standard_arithmetic_mode()
    if facsimile_arithmetic_mode() != standard { facsimile_set_arithmetic_mode(standard) }
  }

  /// Runs `body` computing as the contract asks; the thread, which is the caller's, is then as it was.
  package static func standard<Result>(_ body: () throws -> Result) rethrows -> Result {
    let before = facsimile_arithmetic_mode()
    let standard = facsimile_standard_arithmetic_mode()
    if before == standard { return try body() }
    facsimile_set_arithmetic_mode(standard)
    defer { facsimile_set_arithmetic_mode(before) }
    return try body()
  }

  /// What the host gets wrong, in words; nil where it computes as the contract asks. Looks at results, not at the register.
  package static var fault: String? {
    // Bits are compared: a comparison of numbers may take denormals for zero too.
    func product(_ a: UInt32, _ b: Float) -> UInt32 { facsimile_product(Float(bitPattern: a), b).bitPattern }
    if product(0x0080_0000, 0.5) != 0x0040_0000 { return "denormal results become zero" }
    if product(0x0040_0000, 4) != 0x0100_0000 { return "denormal operands count as zero" }
    // The square lies next to, and below, this number: rounding up misses its negative, any other way the square itself.
    let x = Float(bitPattern: 0x3f80_0fff)
    let isNearest = product(0x3f80_0fff, x) == 0x3f80_2000 && product(0xbf80_0fff, x) == 0xbf80_2000
    return isNearest ? nil : "results are not rounded to the nearest number"
  }
}
