import CSystem

/// The calling thread's floating-point mode: rounding and denormals.
///
/// The contract requires round to nearest even and gradual underflow. Every thread has its own register for this, which
/// any loaded library may change: one linked with `-ffast-math` does so in its constructor, an OpenCL driver may in any
/// call. So it is set before every computation.
package enum ArithmeticMode {
  /// Whether the calling thread is in the contract's floating-point mode.
  package static var isStandard: Bool {
    facsimile_arithmetic_mode() == facsimile_standard_arithmetic_mode()
  }

  /// Sets the calling thread's floating-point mode as required by the contract. Takes a few nanoseconds.
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

  /// How the host's arithmetic breaks the contract; nil if it does not. Checks results, not the register.
  package static var fault: String? {
    // Compares bits, since a comparison of numbers may treat denormals as zero too.
    func product(_ a: UInt32, _ b: Float) -> UInt32 { facsimile_product(Float(bitPattern: a), b).bitPattern }
    if product(0x0080_0000, 0.5) != 0x0040_0000 { return "denormal results become zero" }
    if product(0x0040_0000, 4) != 0x0100_0000 { return "denormal operands count as zero" }
    // The square is slightly below this number: rounding up fails for its negative, other modes for the square itself.
    let x = Float(bitPattern: 0x3f80_0fff)
    let isNearest = product(0x3f80_0fff, x) == 0x3f80_2000 && product(0xbf80_0fff, x) == 0xbf80_2000
    return isNearest ? nil : "results are not rounded to the nearest number"
  }
}
