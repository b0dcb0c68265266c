import ArgumentParser
import Backends
import CPUBackend
import Numerics

/// `facsimile devices`
struct DevicesCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "devices",
    abstract: "Lists every CPU and OpenCL device, what it is, and whether its probe passed.",
    discussion: """
      Every device is opened and probed: its results on small test programs are compared with the CPU's, bit by bit. A \
      device that differs is refused, with the name of the failed test; if only its division or square root differs, \
      the kernels use their own. Platforms without a usable device are listed too.

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
    let platform: String
    let vendor: String
    let simulator: Bool
    let passed: Bool
    let replaced: [String]
    let problem: String?

    init(_ report: DeviceReport) {
      let device = report.device
      (identifier, name, kind) = (device.identifier, device.name, device.kind.rawValue)
      (driver, units) = (device.driver, device.units)
      (platform, vendor, simulator) = (device.platform, device.vendor, device.isSimulator)
      (passed, problem) = (report.problem == nil, report.problem)
      replaced = device.replaced
    }

    /// A platform without a device.
    init(_ gap: DeviceGap) {
      (identifier, name, kind) = (gap.identifier, gap.name, "none")
      (driver, units, platform, vendor, simulator) = ("", 0, gap.name, "", false)
      (passed, problem) = (false, gap.reason)
      replaced = []
    }
  }

  func run() throws {
    let (reports, gaps) = DeviceCatalog().reports()
    let rows = reports.map(Row.init)
    if output.json {
      try Console.json(rows + gaps.filter { !$0.isBackend }.map(Row.init))
    } else {
      let facts = rows.map { row in
        let verdict = (row.passed ? "passed" : "refused") + (row.simulator ? ", simulator" : "")
        return [row.identifier, row.kind, "\(row.units)", verdict, row.name, row.platform, row.driver]
      }
      let header = ["device", "kind", "units", "probe", "name", "platform", "driver"]
      Console.say(Format.table([header] + facts, right: [2]))
      for row in rows where !row.replaced.isEmpty {
        let what = row.replaced.joined(separator: " and ")
        Console.say("\(row.identifier) does not round \(what) correctly: the kernels use their own")
      }
      for row in rows where !row.passed {
        Console.say("\(row.identifier) is refused: \(row.problem ?? "")")
      }
      if let limit = ProcessorShare.here.limit {
        Console.say(
          "cpu: \(counted(ProcessorShare.here.threads, "thread")) by default, since \(limit)"
        )
      }
      for gap in gaps where !gap.isBackend { Console.say(gap.line) }
    }
    for gap in gaps where gap.isBackend {
      let working =
        reports.first { $0.problem == nil }.map { "; --device \($0.device.identifier) works" } ?? ""
      Console.tell("no \(gap.name) device: \(gap.reason)\(working)", isAside: output.json)
    }
  }
}
