import Foundation
import Models
import Storage

/// A run in one line of a list.
package struct RunSummary: Equatable, Sendable {
  /// The state of a run according to its files.
  package enum State: String, Codable, Sendable {
    case running, interrupted, finished, failed
    case stoppedEarly = "stopped-early"
    /// Weights without a history.
    case imported
    /// One of its files cannot be read.
    case damaged
  }

  /// The model, or `unknown`.
  package let model: String
  /// The data set's name.
  package let data: String?
  /// The last device it ran on.
  package let device: String?
  /// Number of completed epochs.
  package let epochCount: Int
  /// Number of epochs planned.
  package let plannedEpochs: Int?
  /// Epoch of the best loss.
  package let bestEpoch: Int?
  /// The loss that epochs are compared by: on validation images, or if there are none, on training images.
  package let bestLoss: Double?
  /// When it was started, in UTC: `2026-11-26T06:41:00Z`.
  package let started: String?
  /// The state.
  package let state: State
  /// Why its files cannot be read.
  package let problem: String?

  /// Reads a run's files; damage becomes ``State/damaged``.
  package init(_ folder: RunFolder) {
    do {
      self.init(folder, try folder.manifestIfAny(), nil)
    } catch {
      self.init(folder, nil, "\(error)")
    }
  }

  /// The summary of a run with this manifest; nil for a run without one.
  ///
  /// - Parameter problem: why it could not be read.
  package init(_ folder: RunFolder, _ manifest: Manifest?, _ problem: String?) {
    self.problem = problem
    let configuration = manifest?.configuration ?? (try? folder.configuration())
    model = manifest?.model ?? configuration?.model.rawValue ?? "unknown"
    (data, device) = (manifest?.dataset.name, manifest?.device.identifier)
    epochCount = manifest?.epochs.count ?? 0
    plannedEpochs = manifest == nil ? nil : configuration?.totalEpochs
    let best = manifest?.epochs.first { $0.epoch == manifest?.bestEpoch }
    (bestEpoch, bestLoss) = (best?.epoch, best.map { $0.validationLoss ?? $0.trainLoss })
    started = manifest?.sessions?.first?.date
    state =
      (manifest?.state).flatMap { State(rawValue: $0.rawValue) } ?? (problem == nil ? .imported : .damaged)
  }
}
