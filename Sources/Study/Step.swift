import Datasets
import Foundation
import Models
import Programs
import Search
import Storage
import Training

/// One step of a study.
package struct Step: Sendable {
  /// Its name, also of its files and its run folder.
  package let name: String
  /// A description.
  package let title: String
  /// Steps whose results it reads.
  let needs: [String]
  /// The run that it trains; nil if it trains none.
  let training: Models.Configuration?
  /// All other inputs that affect its result.
  let more: String
  /// Performs it.
  let work: @Sendable (StepSite) throws -> StepResult

  init(
    _ name: String, _ title: String, needs: [String] = [], training: Models.Configuration? = nil,
    settings more: String = "", _ work: @escaping @Sendable (StepSite) throws -> StepResult
  ) {
    (self.name, self.title, self.needs, self.training, self.more) = (name, title, needs, training, more)
    self.work = work
  }

  /// All settings that affect its result.
  var text: String {
    let settings = training?.pairs.map { "\($0.key)=\($0.value)" }.joined(separator: " ") ?? ""
    return "\(name) <- \(needs.joined(separator: " ")): \(settings) \(more)"
  }
}

/// The result of a step.
struct StepResult: Codable, Sendable, Equatable {
  /// Figures by name: `loss`, `accuracy`.
  var measures: [String: Double] = [:]
  /// Lists of figures by name.
  var series: [String: [Double]] = [:]
  /// Its figures in the report.
  var figures: [Figure] = []
  /// How to reproduce it; nil if its figures say so.
  var source: Source?
  /// In the file: its SHA-256, see ``SealedText``.
  var sha256: String?
}

/// The study was stopped.
struct StudyInterrupted: Error {}

/// The environment of a step.
final class StepSite {
  let settings: StudySettings
  let dataset: Dataset
  let backend: any Backend
  let folder: StudyFolder
  /// Number of threads on the host; does not affect results.
  let threads: Int
  let stopSignal: StopSignal
  /// Called for training events.
  let listener: (TrainingEvent) -> Void
  /// Called for search events, on the training threads.
  let searchListener: @Sendable (SearchEvent) -> Void
  /// Tensors that the step saves with its result.
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

  /// The result of an earlier step.
  func result(_ step: String) throws -> StepResult { try folder.result(step) }

  /// The best weights of a run.
  func weights(_ run: String) throws -> Weights { try Weights(run: RunFolder(reading: folder.run(run))) }

  /// Throws: `StudyInterrupted` if someone asked to stop.
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
