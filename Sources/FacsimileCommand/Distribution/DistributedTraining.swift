import Datasets
import Foundation
import Models
import Numerics
import Programs
import Storage
import Training

/// How training begins in a job: rank 0 begins or resumes the run as it would alone, the others start from its checkpoint.
extension TrainCommand {
  /// The trainer of this rank, and at rank 0 its folder.
  ///
  /// Throws: `JobFailure` at all ranks, before the folder is made if a rank lacks something or differs.
  func shared(_ job: Job) throws -> (Trainer, RunFolder?) {
    let known = try job.fromFirst { try JSONEncoder().encode(Known(runsData())) }
    let reference = try JSONDecoder().decode(Known.self, from: known).data
    let (configuration, means) = try job.each {
      let configuration = try resume == nil ? settings() : nil
      if let resume { try requireNothingElse(resume) }
      try (job.isFirst ? wholeConfiguration() : configuration)?.requireParts(for: job.group.count)
      return (
        configuration,
        TrainingMeans(
          dataset: try reference.map { try data.load(trainedOn: $0) } ?? data.load(),
          backend: try device.open(isAside: output.json, sharedBy: job.neighbours))
      )
    }
    let facts = RankFacts(configuration, means.dataset, means.backend.device)
    let devices = try facts.compared(in: job)
    Console.tell(
      "processes: \(job.group.count) (\(job.group.library)) · \(devices.joined(separator: " · "))",
      isAside: output.json)

    var first: (trainer: Trainer, folder: RunFolder, remove: () -> Void)?
    let text = try job.fromFirst {
      first = try begin(means, job.group)
      return Data(try first!.trainer.configuration.json().utf8)
    }
    do {
      let checkpoint = try job.fromFirst { try first!.trainer.checkpoint().serialized() }
      let trainer = try job.each {
        if let first { return first.trainer }
        return try Trainer(
          Configuration(json: String(decoding: text, as: UTF8.self)), dataset: means.dataset,
          backend: means.backend,
          start: .checkpoint(
            Checkpoint(serialized: checkpoint, naming: URL(fileURLWithPath: "rank 0's checkpoint"))),
          group: job.group)
      }
      return (trainer, first?.folder)
    } catch {
      first?.remove()
      throw error
    }
  }

  /// Which data the run that is resumed or started from was trained on, unless others are named.
  private func runsData() throws -> Manifest.Data? {
    guard data.data == nil else { return nil }
    if let resume {
      return try RunFolder(reading: URL(systemPath: resume, isDirectory: true)).manifest().dataset
    }
    guard let from, try WeightsSource.isRun(from) else { return nil }
    return try RunFolder(reading: URL(systemPath: from, isDirectory: true)).manifest().dataset
  }

  /// The settings of a new run, or those of the run that is resumed.
  private func wholeConfiguration() throws -> Configuration {
    try resume.map { try RunFolder(reading: URL(systemPath: $0, isDirectory: true)).configuration() }
      ?? settings()
  }

  private struct Known: Codable {
    let data: Manifest.Data?
    init(_ data: Manifest.Data?) { self.data = data }
  }
}

/// What a training runs on, besides its settings.
struct TrainingMeans {
  let dataset: Dataset
  let backend: any Backend
}
