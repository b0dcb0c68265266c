import Datasets
import Foundation
import Models
import Programs
import Search
import Storage
import Training

/// One step of a study.
package struct Step: Sendable {
  /// Its name: of its files, and of the run folder it makes if any.
  package let name: String
  /// What it does, for people.
  package let title: String
  /// Steps whose results it reads.
  let needs: [String]
  /// The run that it trains; nil where it trains none.
  let training: Models.Configuration?
  /// Everything else that decides what it finds.
  let more: String
  /// Does it.
  let work: @Sendable (StepSite) throws -> StepResult

  init(
    _ name: String, _ title: String, needs: [String] = [], training: Models.Configuration? = nil,
    settings more: String = "", _ work: @escaping @Sendable (StepSite) throws -> StepResult
  ) {
    (self.name, self.title, self.needs, self.training, self.more) = (name, title, needs, training, more)
    self.work = work
  }

  /// Everything that decides what it finds, as far as settings do.
  var text: String {
    let settings = training?.pairs.map { "\($0.key)=\($0.value)" }.joined(separator: " ") ?? ""
    return "\(name) <- \(needs.joined(separator: " ")): \(settings) \(more)"
  }
}

/// What a step found.
struct StepResult: Codable, Sendable, Equatable {
  /// Figures by name: `loss`, `accuracy`.
  var measures: [String: Double] = [:]
  /// Lists of figures by name.
  var series: [String: [Double]] = [:]
  /// What the report shows of it.
  var figures: [Figure] = []
  /// What makes it again; nil where its figures say so.
  var source: Source?
  /// In the file: its SHA-256, see ``SealedText``.
  var sha256: String?
}

/// It was asked to stop.
struct StudyInterrupted: Error {}

/// Where a step works.
final class StepSite {
  let settings: StudySettings
  let dataset: Dataset
  let backend: any Backend
  let folder: StudyFolder
  /// Threads of what is computed on the host; any number gives the same bits.
  let threads: Int
  let stopSignal: StopSignal
  /// Hears of trainings.
  let listener: (TrainingEvent) -> Void
  /// Hears of the search, on the threads that train.
  let searchListener: @Sendable (SearchEvent) -> Void
  /// Numbers that the step leaves beside its result.
  var tensors: SafeTensors?

  init(
    _ settings: StudySettings, _ dataset: Dataset, _ backend: any Backend, _ folder: StudyFolder,
    threads: Int,
    _ stopSignal: StopSignal, listener: @escaping (TrainingEvent) -> Void,
    searchListener: @escaping @Sendable (SearchEvent) -> Void
  ) {
    (self.settings, self.dataset, self.backend, self.folder) = (settings, dataset, backend, folder)
    self.threads = threads
    (self.stopSignal, self.listener, self.searchListener) = (stopSignal, listener, searchListener)
  }

  /// What a step before this one found.
  func result(_ step: String) throws -> StepResult { try folder.result(step) }

  /// The best weights of a run.
  func weights(_ run: String) throws -> Weights { try Weights(run: RunFolder(reading: folder.run(run))) }

  /// Throws: `StudyInterrupted` where someone asked to stop.
  func heedStop() throws { if stopSignal.isStopped { throw StudyInterrupted() } }

  /// The first test images, at most `count`.
  func testImages(_ count: Int) throws -> ImageSet { try dataset.test.prefix(count) }
}

extension ImageSet {
  /// The first images, at most `count`.
  func prefix(_ count: Int) throws -> ImageSet {
    guard count < self.count else { return self }
    return try ImageSet(
      pixels: Array(pixels.prefix(count * shape.count)), labels: labels.map { Array($0.prefix(count)) },
      shape: shape)
  }
}
