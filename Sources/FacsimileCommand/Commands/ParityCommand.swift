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
      The first device is always the CPU backend; the others are compared with it. Without --device, the CPU \
      with another number of threads and every OpenCL device that passes its probe. Exit status 1: a bit differs.

      Examples:
        facsimile parity
        facsimile parity --model all --device opencl --steps 10
        facsimile parity --model vae --json
        facsimile parity --functions
      """)

  @Option(help: ArgumentHelp("The model: \(ModelOptions.names), or all.", valueName: "model"))
  var model = "all"

  @OptionGroup var devices: DevicesOptions

  @Option(help: "Steps of training in every model's case.")
  var steps = 3

  @Option(help: "Seed of the made-up numbers.")
  var seed: UInt64 = 0

  @Flag(help: "Compare exp, log, sigmoid … over all 2^32 inputs instead. Takes minutes.")
  var functions = false

  @OptionGroup var output: OutputOptions

  func run() throws {
    try require("--steps", steps, in: 1...100_000)
    let models = model == "all" ? ModelKind.allCases : [try ModelKind(name: model)]
    let backends = try compared()
    let line = StatusLine()
    let progress = { (what: String) in
      let isMoving = Console.isTerminal && !output.json
      if isMoving { line.show(what) } else { Console.tell(what, isAside: output.json) }
    }
    let report =
      functions
      ? try runFunctionParity(devices: backends.compactMap { $0 as? any FunctionSweep }, progress: progress)
      : try runParity(devices: backends, models: models, steps: steps, seed: seed, progress: progress)
    line.clear()
    if output.json {
      try Console.json(report)
    } else {
      for mismatch in report.mismatches { Console.say("\(mismatch)") }
      Console.say("devices: \(report.devices.joined(separator: " | "))")
      Console.say("\(report.cases) comparisons, \(report.identical) identical")
    }
    if report.identical != report.cases || !report.mismatches.isEmpty { throw ExitCode(ExitStatus.no) }
  }

  /// The CPU backend first; where no device is named, also with another number of threads and the narrower vectors.
  private func compared() throws -> [any Backend] {
    var backends = try devices.open()
    backends.removeAll { $0.device.identifier == "cpu" }
    let cpu = try CPUBackend(threads: devices.threads.checked())
    let named = !devices.device.isEmpty && !backends.isEmpty
    guard !named else { return [cpu] + backends }
    return [cpu, CPUVariant(try CPUBackend(threads: cpu.threads == 1 ? 2 : 1, vectors: .narrow))] + backends
  }
}

/// The CPU backend under a name that tells its threads and vectors.
private struct CPUVariant: Backend {
  let device: DeviceInfo
  private let base: CPUBackend

  init(_ base: CPUBackend) {
    self.base = base
    let facts = base.device
    device = DeviceInfo(
      identifier: "cpu",
      name: "\(facts.name), \(base.threads) thread\(base.threads == 1 ? "" : "s"), \(facts.driver)",
      kind: facts.kind, driver: facts.driver, units: facts.units)
  }

  func prepare(_ program: Program) throws -> any PreparedProgram { try base.prepare(program) }
}
