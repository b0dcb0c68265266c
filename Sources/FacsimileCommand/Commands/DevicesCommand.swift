import ArgumentParser
import Backends

/// `facsimile devices`
struct DevicesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "devices",
    abstract: "Lists every CPU and OpenCL device, what it is, and whether its probe passed.",
    discussion: """
      Every device is opened: a probe of bit traps compares it with the CPU. A device that differs is refused, \
      and the trap is named.

      Examples:
        facsimile devices
        facsimile devices --json
      """)

  @OptionGroup var output: OutputOptions

  private struct Row: Encodable {
    let identifier: String
    let name: String
    let kind: String
    let driver: String
    let units: Int
    let passed: Bool
    let problem: String?
  }

  func run() throws {
    let (reports, missing) = DeviceCatalog().reports()
    let rows = reports.map {
      Row(
        identifier: $0.device.identifier, name: $0.device.name, kind: $0.device.kind.rawValue,
        driver: $0.device.driver, units: $0.device.units, passed: $0.problem == nil, problem: $0.problem)
    }
    if output.json {
      try Console.json(rows)
    } else {
      let facts = rows.map { row in
        [row.identifier, row.kind, "\(row.units)", row.passed ? "passed" : "refused", row.name, row.driver]
      }
      let header = ["device", "kind", "units", "probe", "name", "driver"]
      Console.say(Format.table([header] + facts, right: [2]))
      for row in rows where !row.passed {
        Console.say("\(row.identifier) is refused: \(row.problem ?? "")")
      }
    }
    if let missing {
      Console.tell("no OpenCL device: \(missing); the CPU backend works", isAside: output.json)
    }
  }
}
