import Foundation
import Models
import Programs

/// One model on one device with one batch size, measured.
struct BenchCase {
  /// A line of `bench --json`.
  struct Figures: Encodable {
    let model: String
    let device: String
    let batch: Int
    /// `train`, or `forward`: evaluation with its losses.
    let phase: String
    /// Median over the rounds.
    let imagesPerSecond: Double
    /// The program's count of operations, at that rate.
    let flopsPerSecond: Double
    /// On a CPU the process's, measured; on other devices what the program keeps there, planned.
    let peakMemoryBytes: Int
    /// Fastest round over slowest.
    let spread: Double
    /// Share of the measured peak of fused multiply-adds, where that was asked for.
    var shareOfPeak: Double?
  }

  /// How long to measure.
  struct Effort {
    let rounds: Int
    let seconds: Double
  }

  let configuration: Configuration
  let backend: any Backend

  /// Images that are resident: as many as MNIST's, or a batch.
  private var images: Int { max(60_000, configuration.batchSize) }

  /// Measures training and evaluation.
  ///
  /// - Throws: the backend's error.
  func measure(_ effort: Effort) throws -> [Figures] {
    PeakMemory.reset()
    let (model, prepared) = try prepare()
    return try [(Routine.Name.train, "train"), (.evaluate, "forward")].map { routine, phase in
      let rates = try rates(of: routine, prepared, model, effort)
      let median = rates[rates.count / 2]
      let flops = Double(model.program.routine(routine)?.flops ?? 0)
      return Figures(
        model: configuration.model.rawValue, device: backend.device.identifier,
        batch: configuration.batchSize, phase: phase, imagesPerSecond: median,
        flopsPerSecond: median / Double(configuration.batchSize) * flops, peakMemoryBytes: peak(model),
        spread: rates[rates.count - 1] / rates[0])
    }
  }

  /// The program with images, initial parameters and the tables of a whole epoch of full batches.
  private func prepare() throws -> (LoweredModel, any PreparedProgram) {
    let batch = configuration.batchSize
    let steps = images / batch
    let model = try LoweredModel(
      configuration, datasetImages: images, training: TrainingShape(steps: steps),
      evaluation: EvaluationShape(steps: steps, batch: batch))
    let prepared = try backend.prepare(model.program)
    try prepared.write(SyntheticImages.pixels(images), to: model.dataset)
    if let labels = model.labels { try prepared.write(SyntheticImages.labels(images), to: labels) }
    let order = (0..<UInt32(steps * batch)).map { $0 }
    let counts = [Int](repeating: batch, count: steps)
    let training = model.training!
    for (buffers, table) in [
      (training, configuration.trainingTable(epoch: 1, batches: counts)),
      (model.evaluation, configuration.evaluationTable(batches: counts)),
    ] {
      try prepared.write(buffers.rows(buffers.batches(order)), to: buffers.indices)
      try prepared.write(table.words, to: buffers.table)
    }
    try prepared.write([UInt32.max], to: model.status!)
    try prepared.run(.initialise, step: 0)
    try prepared.synchronize()
    return (model, prepared)
  }

  /// Images a second of every round, ascending. Each round is a run of steps that the device is given at once.
  private func rates(
    of routine: Routine.Name, _ prepared: any PreparedProgram, _ model: LoweredModel, _ effort: Effort
  ) throws -> [Double] {
    let available = images / configuration.batchSize
    var next = 0
    func seconds(steps: Int) throws -> Double {
      let began = ContinuousClock.now
      for _ in 0..<steps {
        try prepared.run(routine, step: next)
        next = (next + 1) % available
      }
      try prepared.synchronize()
      return max(began.duration(to: .now) / .seconds(1), 1e-9)
    }
    // Warm-up: the first steps compile kernels and touch memory; the later ones tell how long a round takes.
    _ = try seconds(steps: 3)
    var steps = 2
    var taken = try seconds(steps: steps)
    while taken < effort.seconds / 4 {
      steps *= 2
      taken = try seconds(steps: steps)
    }
    let round = max(1, Int((Double(steps) * effort.seconds / taken).rounded()))
    return try (0..<effort.rounds).map { _ in
      Double(round * configuration.batchSize) / (try seconds(steps: round))
    }.sorted()
  }

  private func peak(_ model: LoweredModel) -> Int {
    if backend.device.kind == .cpu, let bytes = PeakMemory.bytes { return bytes }
    let plan = MemoryPlan(model.program)
    return plan.persistentBytes + plan.arenaBytes
  }
}
