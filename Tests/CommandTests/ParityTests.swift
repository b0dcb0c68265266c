import Testing

/// `facsimile parity`, on every device of this machine.
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
    let result = try Facsimile.run([
      "parity", "--model", "classifier", "--steps", "1", "--seed", "9", "--json",
    ])
    #expect(result.status == 0, "\(result.errors)")
    let report = try result.json(Report.self)
    #expect(report.devices.count >= 2 && report.mismatches.isEmpty)
    #expect(report.identical == report.cases && report.cases >= 300 * (report.devices.count - 1))
  }

  @Test("It compares some operations only, without a model unless one is asked for")
  func operations() throws {
    func cases(_ options: [String]) throws -> Int {
      let result = try Facsimile.run(["parity", "--steps", "1", "--json"] + options)
      #expect(result.status == 0, "\(result.errors)")
      let report = try result.json(Report.self)
      #expect(report.identical == report.cases)
      return report.cases / (report.devices.count - 1)
    }
    let two = try cases(["--operation", "flatten", "join_losses"])
    let one = try cases(["--operation", "flatten"])
    #expect(one > 0 && two > one && two < 40)
    #expect(try cases(["--operation", "flatten", "--model", "classifier"]) > one)
  }
}
