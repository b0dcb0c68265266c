import Testing

/// `facsimile parity`, on every device that is here.
@Suite("Comparing devices from the command line")
struct ParityTests {
  private struct Report: Decodable {
    struct Mismatch: Decodable {}
    let cases: Int
    let identical: Int
    let mismatches: [Mismatch]
    let devices: [String]
  }

  @Test("It compares the processor with itself and every device, and finds no difference")
  func identical() throws {
    let result = try Facsimile.run(["parity", "--model", "vae", "--steps", "1", "--seed", "9", "--json"])
    #expect(result.status == 0, "\(result.errors)")
    let report = try result.json(Report.self)
    #expect(report.devices.count >= 2 && report.mismatches.isEmpty)
    #expect(report.identical == report.cases && report.cases >= 300 * (report.devices.count - 1))
  }
}
