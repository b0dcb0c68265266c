import Models
import Programs
import Testing

@Suite struct LoweringTests {
  private func lower(
    _ kind: ModelKind, _ settings: [String: String] = [:], layers: TrainingPhases.Layers = .all,
    mode: EvaluationMode = .sample
  ) throws -> LoweredModel {
    var configuration = Configuration(kind)
    for (key, value) in settings { try configuration.set(key, value) }
    return try LoweredModel(
      configuration, datasetImages: 1000, training: TrainingShape(steps: 8, layers: layers),
      evaluation: EvaluationShape(steps: 2, mode: mode))
  }

  private func kinds(_ model: LoweredModel, _ routine: Routine.Name) -> [Operation.Kind] {
    model.program.routine(routine)!.operations.map(\.kind)
  }

  /// Both parts of a training step.
  private func kinds(_ model: LoweredModel) -> [Operation.Kind] {
    kinds(model, .gradients) + kinds(model, .update)
  }

  /// Every operation of a step that is a `Kind`, in order.
  private func steps<Kind: Descriptor>(_ model: LoweredModel, _: Kind.Type) -> [Kind] {
    [Routine.Name.gradients, .update].flatMap { model.program.routine($0)!.operations }
      .compactMap { $0.descriptor as? Kind }
  }

  /// Transient memory is shared, so an operation may only read what the same routine wrote before it.
  @Test("Every value is written before it is read", arguments: ModelKind.allCases)
  func order(_ kind: ModelKind) throws {
    let everything = ["dropout": "0.25", "shards": "3", "clip-norm": "1", "batch-size": "100"]
    for mode in [EvaluationMode.sample, .mean, .decode] {
      let model = try lower(kind, everything, mode: mode)
      for (id, buffer) in model.program.buffers.enumerated() { #expect(buffer.id == id) }
      for routine in model.program.routines {
        var written: Set<Int> = []
        for operation in routine.operations {
          for buffer in operation.descriptor.reads where buffer.storage == .transient {
            // An operation that adds to a buffer reads it too; it must then have been written before.
            #expect(written.contains(buffer.id), "\(operation.kind) reads \(buffer.name)")
          }
          for buffer in operation.descriptor.writes { written.insert(buffer.id) }
        }
      }
    }
  }

  @Test func operationsOfTheConvolutionalAutoencoder() throws {
    let model = try lower(.convAutoencoder)
    let kinds = kinds(model)
    #expect(kinds.count { $0 == .conv2DForward } == 3)
    #expect(kinds.count { $0 == .conv2DBackwardWeight } == 3)
    #expect(kinds.count { $0 == .conv2DBackwardInput } == 2, "nobody wants the image's gradient")
    #expect(kinds.count { $0 == .convTranspose2DBackwardInput } == 3)
    #expect(kinds.count { $0 == .linearForward } == 4)
    #expect(kinds.count { $0 == .sumPartials } == 1)
    #expect(kinds.last == .update)
    #expect(!kinds.contains(.activationForward) && !kinds.contains(.activationBackward), "all are fused")
    #expect(self.kinds(model, .initialise).count == 20)
    #expect(model.slots == [.loss])
  }

  @Test func masksGoThroughFlattenAndDropout() throws {
    let model = try lower(.convAutoencoder, ["dropout": "0.5"])
    let masks =
      steps(model, ConvolutionBackwardInput.self).compactMap(\.mask)
      + steps(model, LinearBackwardInput.self).compactMap(\.mask)
    #expect(masks.count == 8, "after every ReLU")
    #expect(masks.allSatisfy { $0.scale == 2 })
    #expect(masks.contains { $0.output.name == "train.encoder.flatten" })
    #expect(masks.contains { $0.output.name == "train.decoder.unflatten" })
    #expect(!kinds(model, .evaluate).contains(.dropoutForward))
    #expect(!kinds(model).contains(.dropoutBackward), "the mask selects what dropout kept")
  }

  @Test func frozenLayersCostNoGradientWork() throws {
    let model = try lower(.classifier, layers: .last(2))
    let kinds = kinds(model)
    #expect(kinds.count { $0 == .linearBackwardWeight } == 2)
    #expect(kinds.count { $0 == .linearBackwardInput } == 1)
    #expect(
      !kinds.contains(.conv2DBackwardWeight) && !kinds.contains(.sumPartials) && !kinds.contains(.unflatten))
    let update = try #require(steps(model, Update.self).first)
    guard case .constant(let owners) = update.segments.storage else {
      Issue.record("segments are no constant")
      return
    }
    #expect(Set(owners) == [8, 9, 10, 11, Update.frozen])
  }

  @Test func frozenLayersAreNeitherJoinedNorClipped() throws {
    let model = try lower(.classifier, ["shards": "2", "clip-norm": "1"], layers: .last(2))
    let trained = model.table.parameters[8...]
    for clip in steps(model, ClipNorm.self) {
      #expect(clip.tensors.map(\.contents) == trained.map { .parameter($0.shape) })
    }
    for sum in steps(model, SumPartials.self) {
      guard case .constant(let segments) = sum.segments.storage else {
        Issue.record("segments are no constant")
        continue
      }
      #expect(segments == trained.flatMap(\.segments).sorted())
    }
    #expect(kinds(model).contains(.clipNorm) && kinds(model).contains(.sumPartials))
  }

  @Test("A batch falls into parts", arguments: [(10, 4, 4, 3), (5, 4, 3, 2), (128, 1, 1, 128), (7, 7, 7, 1)])
  func parts(batch: Int, shards: Int, parts: Int, size: Int) throws {
    let model = try lower(.vae, ["batch-size": "\(batch)", "shards": "\(shards)"])
    var starts: [Int] = []
    for gather in steps(model, GatherImages.self) {
      starts.append(gather.source.firstImage)
      #expect(gather.output.images?.batch == size)
      #expect(gather.source.rowLength == parts * size)
    }
    #expect(starts == (0..<parts).map { $0 * size })
    #expect(kinds(model).contains(.sumPartials) == (parts > 1))
    #expect(model.training!.gradients.count == parts * model.table.arenaCount)
    #expect(model.training!.sums.count == parts * model.slots.count)
    #expect(model.slots == [.loss, .reconstruction, .klDivergence])
  }

  @Test func posteriorsShareTheirInput() throws {
    let model = try lower(.convVAE, ["activation": "relu"])
    let shared = steps(model, LinearBackwardInput.self).filter {
      $0.inputGradient.name == "train.encoder.input.gradient"
    }
    #expect(shared.map(\.accumulate) == [false, true])
    #expect(shared.map { $0.mask != nil } == [false, true])
  }

  @Test func evaluationOfNoise() throws {
    #expect(kinds(try lower(.denoisingAutoencoder), .evaluate).contains(.addNoise))
    let clean = try LoweredModel(
      Configuration(.denoisingAutoencoder), datasetImages: 9, training: nil,
      evaluation: EvaluationShape(steps: 1, noise: 0))
    #expect(!kinds(clean, .evaluate).contains(.addNoise))
    #expect(clean.program.routine(.gradients) == nil && clean.training == nil)
  }

  @Test("The plan prints", arguments: ModelKind.allCases)
  func plan(_ kind: ModelKind) throws {
    let description = ProgramDescription(try lower(kind))
    #expect(description.routines.map(\.name) == ["initialise", "evaluate", "gradients", "update"])
    #expect(description.arenaBytes < description.unsharedBytes)
    #expect(description.description.contains("gather_images"))
    #expect(description.routines[2].flops > description.routines[1].flops / 4)
  }
}
