import CSystem

/// The calling thread's floating-point mode: rounding and denormals.
///
/// The contract asks for round to nearest even and gradual underflow. Every thread of a process has a register of its own
/// for that, which any loaded library may change: one linked with `-ffast-math` does so in its
/// constructor, an OpenCL driver may in any call. So it is set before every computation.
package enum ArithmeticMode {
  /// Whether the calling thread is in the contract's floating-point mode.
  package static var isStandard: Bool {
    facsimile_arithmetic_mode() == facsimile_standard_arithmetic_mode()
  }

  /// Sets the calling thread's floating-point mode as required by the contract. Costs some nanoseconds.
  package static func establish() {
    let standard = facsimile_standard_arithmetic_mode()
    if facsimile_arithmetic_mode() != standard { facsimile_set_arithmetic_mode(standard) }
  }

  /// Runs `body` in the contract's floating-point mode, and restores the previous mode.
  package static func standard<Result>(_ body: () throws -> Result) rethrows -> Result {
    let before = facsimile_arithmetic_mode()
    let standard = facsimile_standard_arithmetic_mode()
    if before == standard { return try body() }
    facsimile_set_arithmetic_mode(standard)
    defer { facsimile_set_arithmetic_mode(before) }
    return try body()
  }

  /// A description of what the host gets wrong; nil if it follows the contract. Checks results, not the register.
  package static var fault: String? {
    // Bits are compared: a comparison of numbers may take denormals for zero too.
    func product(_ a: UInt32, _ b: Float) -> UInt32 { facsimile_product(Float(bitPattern: a), b).bitPattern }
    if product(0x0080_0000, 0.5) != 0x0040_0000 { return "denormal results become zero" }
    if product(0x0040_0000, 4) != 0x0100_0000 { return "denormal operands count as zero" }
    // The square is slightly below this number: rounding up misses its negative, other modes the square itself.
    let x = Float(bitPattern: 0x3f80_0fff)
    let isNearest = product(0x3f80_0fff, x) == 0x3f80_2000 && product(0xbf80_0fff, x) == 0xbf80_2000
    return isNearest ? nil : "results are not rounded to the nearest number"
  }
}
