import Datasets
import Foundation
import Programs
import Storage
import Study
import Synchronization
import TestSupport
import Testing
import Training

@Suite struct StudyTests {
  /// A complete study in its quick form.
  private static func study(
    _ dataset: Dataset, in folder: URL, on backend: any Backend, threads: Int = 1, seed: UInt64 = 11
  ) throws -> Study {
    var settings = StudySettings()
    (settings.isQuick, settings.seed) = (true, seed)
    return try Study(settings, dataset: dataset, folder: folder, backend: backend, threads: threads)
  }

  private static func report(_ dataset: Dataset, on backend: any Backend, threads: Int = 1) throws -> Data {
    try inFolder { folder in
      let study = try study(dataset, in: folder, on: backend, threads: threads)
      #expect(try study.run() == .finished)
      return try Data(contentsOf: study.folder.reportFile)
    }
  }

  private static func dataset(labelled: Bool = true) throws -> Dataset {
    try Blobs.dataset(train: 200, test: 40, labelled: labelled)
  }

  /// The report of an uninterrupted study on one thread, which other tests compare with.
  private static let whole = Result { try report(dataset(), on: cpu(1)) }

  @Test(.enabled(if: TestDevices.areWanted)) func everyDeviceGivesTheSameBytes() throws {
    let dataset = try Self.dataset()
    let one = try Self.whole.get()
    let hash = Fingerprint.hex(of: one)
    #expect(Fingerprint.hex(of: try Self.report(dataset, on: cpu(2), threads: 2)) == hash)
    for backend in try TestDevices.openCL() {
      #expect(Fingerprint.hex(of: try Self.report(dataset, on: backend, threads: 3)) == hash)
    }
    #expect(one.count < 15_000_000)
    let text = String(decoding: one, as: UTF8.self)
    #expect(text.contains("default-src 'none'"))
    #expect(!text.contains("http://") || !text.contains("src=\"http"))
    // The name of the folder: "/tmp" alone may occur in the base64 text of a picture.
    #expect(!text.contains(FileManager.default.temporaryDirectory.appendingPathComponent("facsimile-").path))
  }

  @Test func aStoppedStudyEndsWithTheSameReport() throws {
    let dataset = try Self.dataset()
    try inFolder { folder in
      // After a step, and in the middle of a training.
      for stop in [2, 5, 9] {
        let signal = StopSignal()
        let study = try Self.study(dataset, in: folder, on: cpu(2))
        let outcome = try study.run(stopSignal: signal) { event in
          switch event {
          case .ended(_, let number, _, _, _?) where number >= stop: signal.stop()
          case .training(_, .epoch(let record, _)) where stop == 5 && record.epoch == 1: signal.stop()
          default: break
          }
        }
        #expect(outcome == .interrupted)
        #expect(!FileManager.default.fileExists(atPath: study.folder.reportFile.path))
      }
      let again = Counter()
      let study = try Self.study(dataset, in: folder, on: cpu(1))
      #expect(
        try study.run { event in
          if case .ended(_, _, _, _, nil) = event { again.add() }
        } == .finished)
      #expect(again.count >= 3)
      #expect(
        Fingerprint.hex(of: try Data(contentsOf: study.folder.reportFile))
          == Fingerprint.hex(of: try Self.whole.get()))
    }
  }

  @Test func imagesWithoutLabelsHaveNoClassifier() throws {
    try inFolder { folder in
      let study = try Self.study(Self.dataset(labelled: false), in: folder, on: cpu(2), threads: 2)
      #expect(study.omissions.count == 1)
      #expect(!study.steps.contains { ["confusion", "head-1", "tuned-1", "scratch-1"].contains($0.name) })
      #expect(try study.run() == .finished)
      let text = String(decoding: try Data(contentsOf: study.folder.reportFile), as: UTF8.self)
      #expect(text.contains("no labels"))
      #expect(text.contains("id=\"samples-prior\""))
    }
  }

  @Test func namesFromOutsideAreText() throws {
    let hostile = ["<script>alert(1)</script>", "\"><img src=x onerror=alert(2)>", "</script><b>"]
    let images = { (count: Int, first: Int) in
      try ImageSet(
        pixels: Blobs.pixels(count, first: first, shape: ImageShape(channels: 3, height: 17, width: 12)),
        labels: (0..<count).map { UInt8($0 % 3) }, shape: ImageShape(channels: 3, height: 17, width: 12))
    }
    let dataset = try Dataset(
      name: "<img src=y onerror=alert(3)>", train: images(120, 0), test: images(30, 120), classNames: hostile)
    let text = String(decoding: try Self.report(dataset, on: cpu(2), threads: 2), as: UTF8.self)
    for markup in ["<script>alert", "<img src=x", "<img src=y", "</script><b>"] {
      #expect(!text.contains(markup))
    }
    // The page's data contain them once more, as text for a script.
    #expect(text.contains(#"\u003cscript>alert(1)\u003c\/script>"#))
    #expect(text.contains("&lt;img src=y onerror=alert(3)&gt;"))
  }

  @Test func aStudyGoesOnOnlyAsItBegan() throws {
    let dataset = try Self.dataset()
    try inFolder { folder in
      let stop = StopSignal()
      stop.stop()
      do {
        let study = try Self.study(dataset, in: folder, on: cpu(1))
        #expect(try study.run(stopSignal: stop) == .interrupted)
        // A second study in the folder while it runs.
        #expect(throws: FolderInUse.self) { try Self.study(dataset, in: folder, on: cpu(1)) }
      }
      func refusal(_ body: () throws -> Study) -> String {
        do {
          _ = try body()
          return "no refusal"
        } catch { return "\(error)" }
      }
      #expect(
        refusal { try Self.study(dataset, in: folder, on: cpu(1), seed: 12) }.contains("begun with --seed 11")
      )
      #expect(
        refusal { try Self.study(Blobs.dataset(train: 90, test: 20), in: folder, on: cpu(1)) }.contains(
          "on data of SHA-256"))
      #expect(
        refusal { try Study(StudySettings(), dataset: dataset, folder: folder, backend: cpu(1)) }.contains(
          "begun with --quick"))
      let identity = folder.appendingPathComponent("study.json")
      try Data("{".utf8).write(to: identity)
      #expect(refusal { try Self.study(dataset, in: folder, on: cpu(1)) }.contains("study.json is damaged"))
      try FileManager.default.removeItem(at: identity)
      #expect(refusal { try Self.study(dataset, in: folder, on: cpu(1)) }.contains("holds no study"))
    }
  }

  @Test func whatAStepLeftDamagedIsNamed() throws {
    try inFolder { folder in
      let dataset = try Self.dataset()
      let signal = StopSignal()
      let study = try Self.study(dataset, in: folder, on: cpu(2))
      _ = try study.run(stopSignal: signal) { if case .ended = $0 { signal.stop() } }
      let file = folder.appendingPathComponent("steps/autoencoder-1.json")
      try Data("half of it".utf8).write(to: file)
      #expect { try study.run() } throws: { "\($0)".contains("autoencoder-1.json is damaged: remove it") }
    }
  }
}

/// Counts on any thread.
private final class Counter: Sendable {
  private let value = Mutex(0)
  var count: Int { value.withLock { $0 } }
  func add() { value.withLock { $0 += 1 } }
}
