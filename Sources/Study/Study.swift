import Datasets
import Foundation
import Programs
import Search
import Storage
import Training

/// An event of a study.
package enum StudyEvent: Sendable {
  /// A step starts; number from 1, of `steps`.
  case began(Step, number: Int, steps: Int)
  /// Something happened in a training of the step.
  case training(Step, TrainingEvent)
  /// Something happened in the search.
  case search(Step, SearchEvent)
  /// A step is completed; `seconds` is nil if it was completed before.
  case ended(Step, number: Int, steps: Int, measures: [String: Double], seconds: Double?)
}

/// The published study on a data set: a sequence of steps, each of which saves its result, and a report.
///
/// Determinism: every step depends only on the data, the settings and earlier steps, so the report has the same
/// bytes on every device and with any number of threads, however often the study was interrupted.
package final class Study {
  /// Why ``run(stopSignal:report:)`` returned.
  package enum Outcome: Hashable, Sendable {
    /// Every step is done and the report is written.
    case finished
    /// It was stopped; the study can be resumed.
    case interrupted
  }

  /// The settings.
  package let settings: StudySettings
  /// The images.
  package let dataset: Dataset
  /// The steps, in order.
  package let steps: [Step]
  /// Descriptions of steps that are skipped for these data.
  package let omissions: [String]
  /// The files.
  package let folder: StudyFolder
  private let backend: any Backend
  private let threads: Int

  /// Starts or resumes a study.
  ///
  /// - Throws: `StudyError` if the folder holds something else; `ConfigurationError` if the data are too small for
  ///   the models; `FolderInUse`, `FileError`.
  package init(
    _ settings: StudySettings, dataset: Dataset, folder: URL, backend: any Backend, threads: Int = 1
  ) throws {
    let plan = try StudyPlan(settings, dataset)
    (self.settings, self.dataset, self.backend, self.threads) = (settings, dataset, backend, threads)
    (steps, omissions) = (plan.steps, plan.omissions)
    let recipes = steps.map(\.text).joined(separator: "\n")
    self.folder = try StudyFolder(folder, StudyIdentity(settings, dataset, recipes: recipes))
  }

  /// Runs the remaining steps and writes the report.
  ///
  /// - Throws: `StudyError`, `TrainingError`, `FileError`, or the backend's error; completed steps are kept.
  package func run(
    stopSignal: StopSignal = StopSignal(), report: @escaping @Sendable (StudyEvent) -> Void = { _ in }
  ) throws -> Outcome {
    var timings = Timings(contentsOf: folder.timingsFile)
    timings.device = "\(backend.device.identifier) · \(backend.device.name)"
    for (index, step) in steps.enumerated() {
      let (number, count) = (index + 1, steps.count)
      if folder.isDone(step.name) {
        let measures = try folder.result(step.name).measures
        report(.ended(step, number: number, steps: count, measures: measures, seconds: nil))
        continue
      }
      if stopSignal.isStopped { return .interrupted }
      report(.began(step, number: number, steps: count))
      let site = StepSite(
        settings, dataset, backend, folder, threads: threads, stopSignal,
        listener: { report(.training(step, $0)) },
        searchListener: { report(.search(step, $0)) })
      let began = ContinuousClock.now
      func seconds() -> Double { began.duration(to: .now) / .seconds(1) }
      let result: StepResult
      do {
        result = try step.work(site)
      } catch is StudyInterrupted {
        timings.add(seconds(), to: step.name)
        try StudyFolder.write(timings, to: folder.timingsFile)
        return .interrupted
      }
      timings.add(seconds(), to: step.name)
      try folder.keep(result, site.tensors, of: step.name)
      try StudyFolder.write(timings, to: folder.timingsFile)
      report(.ended(step, number: number, steps: count, measures: result.measures, seconds: seconds()))
    }
    try StudyReport(self).write()
    return .finished
  }
}

extension Study {
  /// The summary of a completed study.
  package struct Summary: Sendable {
    /// SHA-256 of the report.
    package let reportSHA256: String
    /// The figures of every step that has any, by its name.
    package let measures: [String: [String: Double]]
  }

  /// The summary.
  ///
  /// - Throws: `StudyError`, `FileError` if files of a finished study are missing.
  package func summary() throws -> Summary {
    guard let report = try? readFile(folder.reportFile) else {
      throw StudyError("\(folder.reportFile.path) does not exist: is the study finished?")
    }
    var measures: [String: [String: Double]] = [:]
    for step in steps {
      let found = try folder.result(step.name).measures
      if !found.isEmpty { measures[step.name] = found }
    }
    return Summary(reportSHA256: Fingerprint.hex(of: report), measures: measures)
  }
}

/// Timings of the steps, without the time spent by killed processes.
struct Timings: Codable {
  /// One step.
  struct Step: Codable {
    let name: String
    var seconds: Double
  }

  var device = ""
  var steps: [Step] = []
  var totalSeconds: Double { steps.reduce(0) { $0 + $1.seconds } }

  enum CodingKeys: String, CodingKey {
    case device, steps
    case totalSeconds = "total_seconds"
  }

  /// Reads the file; empty if it is missing or damaged.
  init(contentsOf url: URL) {
    guard let data = try? readFile(url, upTo: 1 << 24),
      let found = try? JSONDecoder().decode(Self.self, from: data)
    else { return }
    self = found
  }

  init(from decoder: any Swift.Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    device = try values.decode(String.self, forKey: .device)
    steps = try values.decode([Step].self, forKey: .steps)
  }

  func encode(to encoder: any Swift.Encoder) throws {
    var values = encoder.container(keyedBy: CodingKeys.self)
    try values.encode(device, forKey: .device)
    try values.encode(steps, forKey: .steps)
    try values.encode(totalSeconds, forKey: .totalSeconds)
  }

  mutating func add(_ seconds: Double, to step: String) {
    if let index = steps.firstIndex(where: { $0.name == step }) {
      steps[index].seconds += seconds
    } else {
      steps.append(Step(name: step, seconds: seconds))
    }
  }
}
