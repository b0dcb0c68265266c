import ArgumentParser
import Models
import Numerics
import Training

/// `facsimile plan`
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Prints a model's program: operations, shapes, FLOPs, bytes and memory.",
    discussion: """
      Examples:
        facsimile plan conv-autoencoder
        facsimile plan vae --batch-size 64 --set latent=10 --json
        facsimile plan conv-vae --set shards=64 --processes 1 2 4 8 16 32 64 --bandwidth 1
      """)

  @OptionGroup var model: ModelOptions

  @Option(help: "Number of images in the data set.")
  var images = 60_000

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Estimate a step of training over so many processes (see train --distributed), from what it takes this device to "
        + "compute; one or more numbers.", valueName: "number"))
  var processes: [Int] = []

  @Option(
    help: ArgumentHelp(
      "With --processes, microseconds until a byte arrives (default: 50).", valueName: "microseconds"))
  var latency: Double?

  @Option(
    help: ArgumentHelp(
      "With --processes, gigabits a second that one process can send (default: 10).", valueName: "gigabits"))
  var bandwidth: Double?

  @OptionGroup var device: DeviceOptions
  @OptionGroup var output: OutputOptions

  func run() throws {
    guard processes.isEmpty else { return try estimate() }
    for (name, value) in [("latency", latency), ("bandwidth", bandwidth)] where value != nil {
      throw UsageError("--\(name) has no effect without --processes")
    }
    try require("--images", images, in: 1...100_000_000)
    let configuration = try model.configuration()
    func steps(_ count: Int, _ batch: Int) -> Int { (count + batch - 1) / batch }
    let held = min(configuration.validationCount(of: images), images - 1)
    let lowered = try LoweredModel(
      configuration, datasetImages: images,
      training: TrainingShape(
        steps: steps(images - held, configuration.batchSize), layers: configuration.trainable.phases[0].layers
      ),
      evaluation: EvaluationShape(steps: steps(held, EvaluationShape.standardBatch) + 1))
    let description = ProgramDescription(lowered)
    if output.json { try Console.json(description) } else { Console.say("\(description)") }
  }

  private func estimate() throws {
    let configuration = try model.configuration()
    let (latency, bandwidth) = (latency ?? 50, bandwidth ?? 10)
    guard latency >= 0, latency <= 1e9 else {
      throw UsageError("--latency is \(latency): expected microseconds from 0 to 1e9")
    }
    guard bandwidth > 0, bandwidth <= 1e9 else {
      throw UsageError("--bandwidth is \(bandwidth): expected gigabits a second above 0, at most 1e9")
    }
    for count in processes {
      try require("--processes", count, in: 1...1024)
      try configuration.requireParts(for: count)
    }
    let network = StepEstimate.Network(latency: latency / 1e6, bandwidth: bandwidth * 1e9 / 8)
    let times = try PartTimes(
      configuration, on: device.open(isAside: output.json), processes: processes)
    let estimates = processes.map {
      StepEstimate(
        configuration, processes: $0, bytes: times.bytes, network: network, computing: times.seconds(parts:))
    }
    guard !output.json else { return try Console.json(estimates) }
    Console.say(
      "\(configuration.model.rawValue), batch \(configuration.batchSize) in \(counted(configuration.partCount, "part"))"
        + " · \(Format.fixed(latency, 0)) µs, \(Format.fixed(bandwidth, 1)) Gbit/s")
    Console.say(
      row(["processes", "parts", "sent by one", "by all", "computing", "latency", "bandwidth", "images/s"]))
    for estimate in estimates {
      func milliseconds(_ seconds: Double) -> String { Format.fixed(1000 * seconds, 2) + " ms" }
      Console.say(
        row([
          "\(estimate.processes)", "\(estimate.partsOfOne)", Format.bytes(estimate.bytesOfOne),
          Format.bytes(estimate.bytesOfAll), milliseconds(estimate.computing), milliseconds(estimate.waiting),
          milliseconds(estimate.sending), Format.count(Int(estimate.imagesPerSecond)),
        ]))
    }
  }

  private func row(_ cells: [String]) -> String {
    zip(cells, [9, 6, 12, 10, 11, 10, 10, 12]).map { cell, width in
      String(repeating: " ", count: max(0, width - cell.count)) + cell
    }.joined(separator: " ")
  }
}
