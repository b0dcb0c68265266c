import Datasets
import Foundation
import Models
import Programs
import Training

/// What all ranks of a job must have in common, and what may differ.
struct RankFacts: Codable {
  /// Keys and values; empty if only rank 0 knows the settings.
  let configuration: [[String]]
  let data: String
  /// SHA-256 of the weights; empty if there are none yet.
  let weights: String
  let device: String

  init(_ configuration: Configuration?, _ dataset: Dataset, _ device: DeviceInfo, weights: Weights?) {
    self.weights = weights?.state.sha256 ?? ""
    self.configuration = configuration?.pairs.map { [$0.key, $0.value] } ?? []
    data = dataset.sha256
    self.device = "\(device.identifier), \(device.size)"
  }

  /// How `self`, of rank `rank`, differs from rank 0; nil if it does not.
  private func difference(_ rank: Int, from first: RankFacts) -> String? {
    let facts = [
      ("data set", "SHA-256 \(data)", "SHA-256 \(first.data)"),
      ("set of weights", "SHA-256 \(weights)", "SHA-256 \(first.weights)"),
    ]
    for (name, own, other) in facts where own != other {
      return "rank \(rank) has another \(name) than rank 0: \(own), not \(other)"
    }
    let pair = zip(configuration, first.configuration).first { $0 != $1 }
    if let (own, other) = pair {
      return "rank \(rank) has another configuration than rank 0: \(own.joined(separator: "=")), not "
        + other.joined(separator: "=")
    }
    return configuration.count == first.configuration.count
      ? nil : "rank \(rank) has another configuration than rank 0: begin or resume at all ranks"
  }

  /// Compares the facts of all ranks; returns their devices.
  ///
  /// Throws: `JobFailure` that names the first rank that differs from rank 0.
  func compared(in job: Job) throws -> [String] {
    let all = try job.group.gather(Array(try JSONEncoder().encode(self))).map {
      try JSONDecoder().decode(RankFacts.self, from: Data($0))
    }
    for (rank, facts) in all.enumerated() {
      guard let difference = facts.difference(rank, from: all[0]) else { continue }
      throw JobFailure(description: difference, status: ExitStatus.couldNotRun)
    }
    return all.map(\.device)
  }
}
