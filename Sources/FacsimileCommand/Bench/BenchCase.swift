import Foundation
import Models
import Parity
import Programs

/// Measures one model on one device with one batch size.
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
    /// On a CPU the process's, measured; on other devices the planned memory of the program.
    let peakMemoryBytes: Int
    /// Fastest round over slowest.
    let spread: Double
    /// Share of the measured peak of fused multiply-adds, if requested.
    var shareOfPeak: Double?
  }

  /// How long to measure.
  struct Effort {
    let rounds: Int
    let seconds: Double
  }

  let configuration: Configuration
  let backend: any Backend

  /// Number of resident images: as many as MNIST has, or a batch.
  private var images: Int { max(60_000, configuration.batchSize) }

  /// Measures training and evaluation.
  ///
  /// - Throws: the backend's error.
  func measure(_ effort: Effort) throws -> [Figures] {
    PeakMemory.reset()
    let prepared = try Self.prepare(configuration, on: backend, images: images)
    let phases: [(name: String, routines: [Routine.Name], step: (Int) throws -> Void)] = [
      ("train", [.gradients, .update], prepared.step), ("forward", [.evaluate], prepared.evaluate),
    ]
    return try phases.map { phase, routines, step in
      let rates = try rates(of: step, prepared, effort)
      let median = rates[rates.count / 2]
      let program = prepared.model.program
      let flops = Double(routines.reduce(0) { $0 + (program.routine($1)?.flops ?? 0) })
      return Figures(
        model: configuration.model.rawValue, device: backend.device.identifier,
        batch: configuration.batchSize, phase: phase, imagesPerSecond: median,
        flopsPerSecond: median / Double(configuration.batchSize) * flops, peakMemoryBytes: peak(program),
        spread: rates[rates.count - 1] / rates[0])
    }
  }

  /// The program with made-up images, initial parameters and the tables of a whole epoch of full batches.
  ///
  /// - Parameter parts: the parts of a batch to compute; nil: all.
  static func prepare(
    _ configuration: Configuration, on backend: any Backend, images: Int, parts: Range<Int>? = nil
  ) throws -> PreparedModel {
    let batch = configuration.batchSize
    let steps = images / batch
    let prepared = try PreparedModel(
      configuration, images: images, training: TrainingShape(steps: steps, parts: parts),
      evaluation: EvaluationShape(steps: steps, batch: batch), on: backend)
    // A few hundred pictures, repeated, of noise: what is the same in all would be learned so well in so many steps that
    // gradients become denormal, with which Intel's processors compute ten times more slowly.
    let pictures = MadeUpImages.noise(256, configuration.imageShape, seed: 0)
    for first in stride(from: 0, to: images, by: 256) {
      let count = min(256, images - first)
      try prepared.write(images: Array(pictures.prefix(count * configuration.imageShape.count)), from: first)
    }
    try prepared.write(labels: (0..<images).map { UInt8($0 % configuration.classCount) })
    let batches = prepared.evaluationBatches((0..<UInt32(steps * batch)).map { $0 })
    let counts = [Int](repeating: batch, count: steps)
    try prepared.beginEpoch(batches, table: configuration.trainingTable(epoch: 1, batches: counts).words)
    try prepared.beginEvaluation(batches)
    try prepared.initialise()
    try prepared.synchronize()
    return prepared
  }

  /// Images per second of every round, ascending. Each round is a run of steps enqueued without waiting.
  private func rates(
    of step: (Int) throws -> Void, _ prepared: PreparedModel, _ effort: Effort
  ) throws -> [Double] {
    let available = images / configuration.batchSize
    var next = 0
    func seconds(steps: Int) throws -> Double {
      let began = ContinuousClock.now
      for _ in 0..<steps {
        try step(next)
        next = (next + 1) % available
      }
      try prepared.synchronize()
      return max(began.duration(to: .now) / .seconds(1), 1e-9)
    }
    // Warm-up: the first steps compile kernels and touch memory; later ones determine the steps of a round.
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

  private func peak(_ program: Program) -> Int {
    if backend.device.kind == .cpu, let bytes = PeakMemory.bytes { return bytes }
    let plan = MemoryPlan(program)
    return plan.persistentBytes + plan.arenaBytes
  }
}
