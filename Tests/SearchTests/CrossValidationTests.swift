import Foundation
import Models
import Programs
import Search
import Storage
import TestSupport
import Testing
import Training

@Suite struct CrossValidationTests {
  private func configuration(_ model: ModelKind) throws -> Configuration {
    var configuration = Configuration(withoutRecipe: model)
    for (key, value) in [("hidden", "12"), ("batch-size", "30"), ("epochs", "2"), ("seed", "3")] {
      try configuration.set(key, value)
    }
    return configuration
  }

  @Test("Every image judges once", arguments: [2, 7, 120])
  func folds(_ count: Int) throws {
    let dataset = try Support.dataset()
    let validation = try CrossValidation(configuration(.vae), dataset: dataset, folds: count)
    #expect(validation.folds.count == count)
    #expect(validation.folds.flatMap { $0 }.sorted() == Array(0..<120))
    let sizes = validation.folds.map(\.count)
    #expect(sizes.max()! - sizes.min()! <= 1)
    for fold in 0..<count {
      let (train, held) = validation.split(fold)
      #expect(held == validation.folds[fold] && train == train.sorted())
      #expect((train + held).sorted() == Array(0..<120))
    }
    var other = try configuration(.vae)
    try other.set("seed", "4")
    #expect(try CrossValidation(other, dataset: dataset, folds: count).folds != validation.folds)
  }

  @Test func figuresAreThoseOfTheFolds() throws {
    let dataset = try Support.dataset()
    let configuration = try configuration(.classifier)
    let validation = try CrossValidation(configuration, dataset: dataset, folds: 3)
    var heard: [Int] = []
    let result = try #require(try validation.run(on: Support.backends(2)[1]) { heard.append($0.fold) })
    #expect(heard == [1, 2, 3] && result.folds.map(\.fold) == heard)
    for (index, fold) in result.folds.enumerated() {
      #expect(fold.trainImages == 80 && fold.validationImages == 40 && fold.epochCount == 2)
      let trainer = try Trainer(
        configuration, dataset: dataset, backend: Support.backends()[0], split: validation.split(index))
      _ = try trainer.fit()
      #expect(fold.stateSHA256 == trainer.manifest.epochs.last?.stateSHA256)
      #expect(fold.metrics == trainer.manifest.epochs[fold.bestEpoch - 1].validationMetrics)
    }
    #expect(Set(result.metrics.keys) == ["loss", "accuracy"])
    let losses = result.folds.map { $0.metrics["loss"]! }
    #expect(result.metrics["loss"]!.mean == losses.reduce(0, +) / 3)
  }

  @Test func deviationIsTheSamples() {
    let spread = CrossValidation.Spread([2, 4, 4, 4, 5, 5, 7, 9])
    #expect(spread.mean == 5 && abs(spread.standardDeviation - (32.0 / 7).squareRoot()) < 1e-15)
  }

  @Test("Too few and too many folds", arguments: [1, 0, -1, 121])
  func refusals(_ count: Int) throws {
    let error = #expect(throws: ConfigurationError.self) {
      try CrossValidation(configuration(.vae), dataset: Support.dataset(), folds: count)
    }
    #expect(
      error?.description
        == "folds is \(count): expected a whole number from 2 to 120, the number of training images")
  }

  @Test func stopsWhenAsked() throws {
    let signal = StopSignal()
    let hook = HookedBackend(try Support.backends()[0], afterSteps: 3) { signal.stop() }
    let validation = try CrossValidation(configuration(.vae), dataset: Support.dataset(), folds: 2)
    #expect(try validation.run(on: hook, stopSignal: signal) { _ in } == nil)
  }

  @Test("A saved fold with another figure is refused, and the folder is left as it is")
  func damagedFolds() throws {
    let validation = try CrossValidation(configuration(.vae), dataset: Support.dataset(), folds: 2)
    try inFolder { url in
      func run() throws -> CrossValidation.Result? {
        let folder = try CrossValidationFolder(validation, at: url)
        return try validation.run(on: Support.backends()[0], keptIn: folder) { _ in }
      }
      let whole = try #require(try run())
      #expect(try run()?.metrics == whole.metrics)
      let file = url.appendingPathComponent("cross-validation.json")
      let text = String(decoding: try Data(contentsOf: file), as: UTF8.self)
      let changes = [
        "\"best_epoch\" : \(whole.folds[0].bestEpoch)": "\"best_epoch\" : 9",
        "record_sha256": "record_sha257",
      ]
      for (old, new) in changes {
        let damaged = Data(text.replacing(old, with: new, maxReplacements: 1).utf8)
        try #require(damaged != Data(text.utf8))
        try damaged.write(to: file)
        let error = #expect(throws: TrainingError.self) { try run() }
        #expect(error?.description.contains("cross-validation.json is damaged") == true)
        #expect(try Data(contentsOf: file) == damaged)
      }
    }
  }

  @Test("What a killed cross-validation leaves is taken up: a lock file alone, the run of a completed fold")
  func leftovers() throws {
    let validation = try CrossValidation(configuration(.vae), dataset: Support.dataset(), folds: 2)
    try inFolder { url in
      try Data("1\n".utf8).write(to: url.appendingPathComponent(".lock"))
      let run = url.appendingPathComponent("fold-1")
      for _ in 0..<2 {
        let folder = try CrossValidationFolder(validation, at: url)
        #expect(!Files.exists(run))
        _ = try validation.run(on: Support.backends()[0], keptIn: folder) { _ in }
        #expect(folder.folds.count == 2)
        try makeFolder(run.appendingPathComponent("images"))
      }
    }
  }
}
