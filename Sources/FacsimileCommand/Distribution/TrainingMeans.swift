import Datasets
import Foundation
import Models
import Programs
import Storage
import Training

/// What a command works on, besides its settings.
struct TrainingMeans {
  let dataset: Dataset
  let backend: any Backend
}

extension Job {
  /// Data and device of this rank, once all ranks have theirs and agree on everything that matters.
  ///
  /// - Parameters:
  ///   - data: loads the data.
  ///   - device: the device.
  ///   - isAside: whether lines for people go to standard error.
  ///   - weights: weights that all ranks read.
  ///   - configuration: settings that all ranks are given; nil if only rank 0 knows them.
  ///   - check: additional checks at rank 0.
  /// - Throws: `JobFailure` at all ranks that names the first rank that lacks something or differs from rank 0.
  func means(
    data: () throws -> Dataset, device: DeviceOptions, isAside: Bool, weights: Weights? = nil,
    configuration: () throws -> Configuration? = { nil }, check: () throws -> Void
  ) throws -> TrainingMeans {
    _ = try fromFirst {
      try check()
      return Data()
    }
    let (settings, means) = try each {
      let settings = try configuration()
      return (
        settings,
        TrainingMeans(dataset: try data(), backend: try device.open(isAside: isAside, sharedBy: neighbours))
      )
    }
    let facts = RankFacts(settings, means.dataset, means.backend.device, weights: weights)
    let devices = try facts.compared(in: self)
    Console.tell(
      "processes: \(group.count) (\(group.library)) · \(devices.joined(separator: " · "))", isAside: isAside)
    return means
  }

  /// What rank 0 knows of the data of a run, at all ranks: others need no access to its folder.
  ///
  /// Throws: `JobFailure` at all ranks.
  func dataset(of run: () throws -> RunFolder?) throws -> Manifest.Data? {
    struct Known: Codable { let data: Manifest.Data? }
    let known = try fromFirst { try JSONEncoder().encode(Known(data: run()?.manifest().dataset)) }
    return try JSONDecoder().decode(Known.self, from: known).data
  }
}

extension TrainCommand {
  /// The data and device of this rank of a job, if all checks pass.
  func means(in job: Job) throws -> TrainingMeans {
    func folder(_ path: String) throws -> RunFolder {
      try RunFolder(reading: URL(systemPath: path, isDirectory: true))
    }
    let known = try job.dataset {
      if data.data != nil { return nil }
      if let resume { return try folder(resume) }
      return try from.flatMap { try WeightsSource.isRun($0) ? try folder($0) : nil }
    }
    return try job.means(
      data: { try known.map { try data.load(trainedOn: $0) } ?? data.load() }, device: device,
      isAside: output.json
    ) {
      if let resume { try requireNothingElse(resume) }
      return resume == nil ? try settings() : nil
    } check: {
      try (resume.map { try folder($0).configuration() } ?? settings()).requireParts(for: job.group.count)
    }
  }
}
