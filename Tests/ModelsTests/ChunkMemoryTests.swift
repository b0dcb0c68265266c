import Models
import Programs
import Testing

@testable import CPUBackend

@Suite("Memory for one chunk of images per thread") struct ChunkMemoryTests {
  /// Names of the training step's buffers that hold one chunk per thread.
  private func local(_ kind: ModelKind, _ settings: [String: String], threads: Int = 2) throws -> Set<String>
  {
    var configuration = Configuration(kind)
    for (key, value) in settings { try configuration.set(key, value) }
    let program = try LoweredModel(
      configuration, datasetImages: 1000, training: TrainingShape(steps: 1, layers: .all),
      evaluation: EvaluationShape(steps: 1, mode: .sample)
    ).program
    let ids = program.chunkLocal(threads: threads)
    return Set(program.buffers.filter { ids.contains($0.id) && $0.name.hasPrefix("train.") }.map(\.name))
  }

  @Test("What gradients over the whole batch or the losses need stays whole")
  func convolutions() throws {
    let names = try local(.convAutoencoder, ["batch-size": "256"])
    #expect(names.isSuperset(of: ["train.images", "train.encoder.conv1", "train.decoder.convt3"]))
    #expect(names.contains("train.decoder.convt3.input.gradient"))
    #expect(names.isDisjoint(with: ["train.encoder.flatten", "train.encoder.fc1", "train.loss"]))
  }

  @Test("Few chunks, or chunks that do not divide well, are shared by the threads operation by operation")
  func few() throws {
    #expect(try local(.convAutoencoder, ["batch-size": "32"]).isEmpty)
    #expect(try local(.convAutoencoder, ["batch-size": "96"], threads: 2).isEmpty)
    #expect(try !local(.convAutoencoder, ["batch-size": "96"], threads: 1).isEmpty)
  }

  @Test("Images of which the decoder sees several samples are in chunks of their own")
  func samples() throws {
    let settings = ["batch-size": "64", "loss": "iwae", "importance-samples": "2"]
    let names = try local(.convVAE, settings)
    #expect(names.isDisjoint(with: ["train.images", "train.encoder.sample"]))
  }
}
