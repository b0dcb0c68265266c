import Datasets
import Foundation
import Generation
import Models
import TestSupport
import Testing
import Training

/// Samples compared with test images, in the features of a classifier.
@Suite("Scores of samples")
struct ScoreTests {
  private static func dataset() throws -> Dataset { try Blobs.dataset(train: 200, test: 60) }

  @Test("A classifier is trained once, and again where what was kept is damaged")
  func kept() throws {
    let place = try TemporaryFolder()
    let folder = place.file("cache/classifiers")
    let dataset = try Self.dataset()
    var epochs = 0
    func make(_ dataset: Dataset) throws -> FeatureClassifier {
      epochs = 0
      return try FeatureClassifier(for: dataset, backend: cpu(2), keptIn: folder) {
        if case .epoch = $0 { epochs += 1 }
      }
    }
    let first = try make(dataset)
    #expect(epochs == FeatureClassifier.configuration.epochs && !first.isPinned)
    #expect(try make(dataset).weights == first.weights && epochs == 0)
    let file = folder.appendingPathComponent(
      try FileManager.default.contentsOfDirectory(atPath: folder.path)[0])
    var bytes = try Data(contentsOf: file)
    bytes[bytes.count - 9] ^= 1
    try bytes.write(to: file)
    #expect(try make(dataset).sha256 == first.sha256 && epochs > 0)
    try Data("no tensors".utf8).write(to: file)
    #expect(try make(dataset).sha256 == first.sha256 && epochs > 0)
    #expect(try make(dataset).sha256 == first.sha256 && epochs == 0)
    // Other data have another classifier.
    #expect(try make(Blobs.dataset(train: 199, test: 60)).sha256 != first.sha256 && epochs > 0)
    // It also works if it cannot be cached.
    try Data().write(to: place.file("file"))
    let nowhere = place.file("file/classifiers")
    #expect(try FeatureClassifier(for: dataset, backend: cpu(1), keptIn: nowhere).sha256 == first.sha256)
  }

  @Test("Images without classes have no classifier")
  func unlabelled() throws {
    #expect(throws: TrainingError.self) {
      try FeatureClassifier(
        for: Blobs.dataset(train: 20, test: 8, labelled: false), backend: cpu(1), keptIn: nil)
    }
  }

  @Test("Test images are like themselves, black ones like none; every device says the same")
  func scores() throws {
    let dataset = try Self.dataset()
    let black = try ImageSet(pixels: [UInt8](repeating: 0, count: 50 * 784))
    var found: [[SampleScore]] = []
    for device in TestDevice.all {
      let backend = try device.backend
      let classifier = try FeatureClassifier(for: dataset, backend: backend, keptIn: nil)
      let judge = try SampleJudge(classifier, dataset: dataset, backend: backend, threads: found.count + 1)
      found.append([try judge.score(dataset.test), try judge.score(black)])
    }
    #expect(found.allSatisfy { $0 == found[0] })
    let (same, none) = (found[0][0], found[0][1])
    #expect(same.precision == 1 && same.recall == 1 && same.samples == 60 && same.realImages == 60)
    #expect(abs(same.frechetDistance) < 1e-6 * none.frechetDistance)
    #expect(none.recall == 0 && none.classBalance == 0 && none.classShares.max() == 1)
    #expect(same.classBalance > 0.5 && abs(same.classShares.reduce(0, +) - 1) < 1e-12)
  }

  @Test("Too few test images judge nothing")
  func few() throws {
    let dataset = try Blobs.dataset(train: 40, test: 3)
    let classifier = try FeatureClassifier(for: dataset, backend: cpu(1), keptIn: nil)
    #expect(throws: TrainingError.self) {
      try SampleJudge(classifier, dataset: dataset, backend: cpu(1), threads: 1)
    }
  }
}
