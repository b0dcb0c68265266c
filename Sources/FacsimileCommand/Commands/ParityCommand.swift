import ArgumentParser
import Backends
import CPUBackend
import Models
import Parity
import Programs

/// `facsimile parity`
struct ParityCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "parity",
    abstract: "Compares devices bit by bit, over every operation and model.",
    discussion: """
      All devices are compared with the CPU backend. The default is the CPU with a different number of threads and every \
      other device that passes its probe. Exit status 1: a bit differs, or there was nothing to compare.

      Examples:
        facsimile parity
        facsimile parity --model all --device opencl --steps 10
        facsimile parity --model vae --json
        facsimile parity --operation linear_forward conv2d_forward
        facsimile parity --functions
        facsimile parity --functions --every 31
      """)

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "The operations, such as linear_forward (default: all; with them, no model unless it is asked for).",
      valueName: "name"))
  var operation: [String] = []

  @Option(
    help: ArgumentHelp("The model: \(ModelOptions.names), or all (default: all).", valueName: "model"))
  var model: String?

  @OptionGroup var devices: DevicesOptions

  @Option(help: "Training steps per model.")
  var steps = 3

  @Option(help: "Random seed of the test data.")
  var seed: UInt64 = 0

  @Flag(help: "Compare exp, log, sigmoid … over all 2^32 inputs instead. Takes minutes.")
  var functions = false

  @Option(
    help: "Compare only one in so many of an operation's cases, or of a function's runs of 2^20 inputs.")
  var every = 1

  @OptionGroup var output: OutputOptions

  func run() throws {
    try require("--steps", steps, in: 1...100_000)
    try require("--every", every, in: 1...4096)
    let models =
      switch model {
      case nil: operation.isEmpty ? ModelKind.allCases : []
      case "all": ModelKind.allCases
      case let name?: [try ModelKind(name: name)]
      }
    let operations: [Operation.Kind] =
      try operation.isEmpty ? Operation.Kind.allCases : operation.map { try choice("--operation", $0) }
    let backends = try compared()
    let line = StatusLine()
    let progress = { (what: String) in
      let isMoving = Console.isTerminal && !output.json
      if isMoving { line.show(what) } else { Console.tell(what, isAside: output.json) }
    }
    let report: ParityReport
    if functions {
      let sweeping = backends.compactMap { $0 as? any FunctionSweep }
      guard sweeping.count > 1 else {
        Console.complain(
          "nothing was compared: the CPU backend is the only device that can apply the functions; "
            + "'facsimile devices' says why")
        throw ExitCode(ExitStatus.no)
      }
      report = try runFunctionParity(devices: sweeping, stride: every, progress: progress)
    } else {
      report = try runParity(
        devices: backends, operations: operations, models: models, steps: steps, seed: seed, every: every,
        progress: progress)
    }
    line.clear()
    if output.json {
      try Console.json(report)
    } else {
      for mismatch in report.mismatches { Console.say("\(mismatch)") }
      Console.say("devices: \(report.devices.joined(separator: " | "))")
      Console.say("\(report.cases) comparisons, \(report.identical) identical")
    }
    if report.cases == 0 { Console.complain("nothing was compared") }
    if report.cases == 0 || report.identical != report.cases || !report.mismatches.isEmpty {
      throw ExitCode(ExitStatus.no)
    }
  }

  /// The CPU backend first; without `--device`, also with a different number of threads and narrower vectors.
  private func compared() throws -> [any Backend] {
    var backends = try devices.open()
    let cpu = try CPUBackend(threads: devices.threads.checked())
    backends.removeAll { $0.device.scheme == cpu.device.scheme }
    let named = !devices.device.isEmpty && !backends.isEmpty
    guard !named else { return [cpu] + backends }
    return [cpu, CPUVariant(try CPUBackend(threads: cpu.threads == 1 ? 2 : 1, vectors: .narrow))] + backends
  }
}

/// The CPU backend under a name that states its threads and vectors.
private struct CPUVariant: Backend {
  let device: DeviceInfo
  private let base: CPUBackend

  init(_ base: CPUBackend) {
    self.base = base
    let facts = base.device
    device = DeviceInfo(
      identifier: facts.identifier,
      name: "\(facts.name), \(base.threads) thread\(base.threads == 1 ? "" : "s"), \(facts.driver)",
      kind: facts.kind, driver: facts.driver, units: facts.units, unit: facts.unit)
  }

  func prepare(_ program: Program) throws -> any PreparedProgram { try base.prepare(program) }
}
