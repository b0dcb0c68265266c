import ArgumentParser
import Foundation
import Models
import Programs

/// `facsimile bench`
struct BenchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "bench",
    abstract: "Measures training and evaluation, in images and FLOPs per second.",
    discussion: """
      Runs on 60,000 synthetic images in device memory, as in training. Every figure is the median of several rounds \
      after a warm-up. Run nothing else on the machine.

      Examples:
        facsimile bench
        facsimile bench --model all --device cpu --batch-size 16 64 256 --threads 1
        facsimile bench --device opencl --set filters=16,32,64 --json
        facsimile bench --model vae --device cpu --operations
      """)

  @Option(help: ArgumentHelp("The model: \(ModelOptions.names), or all.", valueName: "model"))
  var model = ModelKind.convAutoencoder.rawValue

  @OptionGroup var devices: DevicesOptions

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp("Images per step; one or more values.", valueName: "number"))
  var batchSize: [String] = ["256"]

  @Option(parsing: .upToNextOption, help: ArgumentHelp("Settings, such as latent=4.", valueName: "key=value"))
  var set: [String] = []

  @Option(help: "Rounds per measurement.")
  var rounds = 5

  @Option(help: "Seconds per round.")
  var seconds = 0.5

  @Flag(help: "Also measure the CPU's peak rate of fused multiply-adds, and print the share reached.")
  var peak = false

  @Flag(
    help: """
      Measure each operation of a training step instead: its least time, and on a processor the share of the nearer \
      limit, both measured: fused multiply-adds, or moving as many bytes.
      """)
  var operations = false

  @OptionGroup var output: OutputOptions

  func run() throws {
    try require("--rounds", rounds, in: 1...1000)
    guard seconds > 0, seconds <= 600 else {
      throw UsageError("--seconds is \(seconds): expected a number above 0, at most 600")
    }
    let configurations = try configurations()
    let backends = try devices.open()
    let effort = BenchCase.Effort(rounds: rounds, seconds: seconds)
    if operations { return try measureOperations(configurations, backends, effort) }
    var figures: [BenchCase.Figures] = []
    let line = StatusLine(isAside: output.json)
    let header = ["model", "device", "batch", "phase", "images/s", "GFLOP/s", "memory"]
    if !output.json { Console.say(Self.row(header)) }
    for configuration in configurations {
      for backend in backends {
        line.show("\(configuration.model.rawValue) on \(backend.device.identifier) …")
        var measured = try BenchCase(configuration: configuration, backend: backend).measure(effort)
        if peak { share(&measured, backend.device) }
        line.clear()
        if !output.json { for row in measured { Console.say(Self.row(row)) } }
        figures += measured
      }
    }
    if output.json { try Console.json(figures) }
  }

  private func measureOperations(
    _ configurations: [Configuration], _ backends: [any Backend], _ effort: BenchCase.Effort
  ) throws {
    var figures: [OperationRates.Figures] = []
    for configuration in configurations {
      for backend in backends {
        let rows = try OperationRates(configuration: configuration, backend: backend).measure(effort)
        if !output.json { Console.say(Self.table(rows)) }
        figures += rows
      }
    }
    if output.json { try Console.json(figures) }
  }

  private static func table(_ rows: [OperationRates.Figures]) -> String {
    let header = ["operation", "result", "µs", "GFLOP/s", "GB/s", "nearer limit"]
    let lines = rows.map { row in
      let more = row.operations.count - 1
      let share = row.shareOfLimit.map { "\(Format.fixed(100 * $0, 0)) % \(row.limit!)" }
      return [
        row.operations[0] + (more > 0 ? " + \(more)" : ""), row.result, Format.fixed(1e6 * row.seconds, 1),
        Format.fixed(row.flopsPerSecond / 1e9, 1), Format.fixed(row.bytesPerSecond / 1e9, 1), share ?? "",
      ]
    }
    let total = rows.reduce(0) { $0 + $1.seconds }
    let title =
      "\(rows[0].model) on \(rows[0].device), batch \(rows[0].batch): \(Format.fixed(1e6 * total, 0)) µs a step"
    return title + "\n" + Format.table([header] + lines, right: [2, 3, 4])
  }

  private func configurations() throws -> [Configuration] {
    let models = model == "all" ? ModelKind.allCases : [try ModelKind(name: model)]
    return try models.flatMap { kind in
      try batchSize.map { batch in
        let settings = try set.filter { models.count == 1 || kind.has($0) }.map(keyValue)
        var configuration = Configuration(withoutRecipe: kind)
        for (key, value) in settings + [("batch-size", batch)] { try configuration.set(key, value) }
        try configuration.validate()
        return configuration
      }
    }
  }

  /// Measures the peak again for every case, since clock rates and other load vary.
  private func share(_ figures: inout [BenchCase.Figures], _ device: DeviceInfo) {
    guard device.kind == .cpu else { return }
    let peak = Peak.measure(threads: device.units)
    for index in figures.indices { figures[index].shareOfPeak = figures[index].flopsPerSecond / peak }
  }

  private static func row(_ row: BenchCase.Figures) -> String {
    Self.row([
      row.model, row.device, "\(row.batch)", row.phase, Format.count(Int(row.imagesPerSecond)),
      Format.fixed(row.flopsPerSecond / 1e9, 1), Format.bytes(row.peakMemoryBytes),
      row.shareOfPeak.map { "\(Format.fixed(100 * $0, 0)) % of peak" } ?? "",
    ])
  }

  /// Columns have fixed widths, since lines are printed one by one.
  private static func row(_ cells: [String]) -> String {
    zip(cells, [22, 12, -6, 8, -11, -8, -10, 0]).map { cell, width in
      let padding = String(repeating: " ", count: max(0, abs(width) - cell.count))
      return width < 0 ? padding + cell : cell + padding
    }.joined(separator: " ")
  }
}

extension ModelKind {
  /// Whether this model has `setting`'s key; with several models, the others ignore it.
  fileprivate func has(_ setting: String) -> Bool {
    let key = setting.prefix { $0 != "=" }
    return ConfigurationKey.keys(of: self).contains { $0.name == key }
      || !ConfigurationKey.all.contains { $0.name == key }
  }
}
