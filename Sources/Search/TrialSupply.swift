import Models
import Synchronization

/// Adds the trials of a search to its storage in portions: a million would take minutes and gigabytes before
/// the first is trained.
final class TrialSupply: Sendable {
  private struct State {
    var proposals: Proposals
    /// Checked and not in the storage yet; the first has the index `first`.
    var pending: [Configuration] = []
    var first = 0
  }

  /// Trials of a portion.
  static let portion = 10_000

  private let space: SearchSpace
  private let images: Int
  private let state: Mutex<State>

  /// The trials of `space` on as many training images; the first portion is made and checked.
  ///
  /// - Throws: `SearchError` if one of them is invalid.
  init(_ space: SearchSpace, images: Int) throws {
    self.space = space
    self.images = images
    state = Mutex(State(proposals: Proposals(space)))
    try state.withLock { try draw(&$0) }
  }

  /// Epochs of the first trial.
  var epochs: Int { state.withLock { $0.proposals.epochs } ?? space.base.totalEpochs }

  /// Ensures that a trial is waiting in the storage, unless all have been added.
  ///
  /// - Throws: `SearchError` if a trial is invalid, or the storage cannot be written.
  func fill(_ store: any TrialStore) throws {
    try state.withLock { state in
      if try !store.hasWaiting() { try add(&state, to: store) }
    }
  }

  /// Compares the storage with the first portion, and adds missing trials.
  ///
  /// - Throws: as ``fill(_:)``.
  func begin(_ store: any TrialStore) throws {
    try state.withLock { state in
      try store.check(state.pending)
      let known = try store.count()
      if known < min(Self.portion, space.trials) { try add(&state, to: store) }
    }
  }

  private func add(_ state: inout State, to store: any TrialStore) throws {
    let known = try store.count()
    guard known < space.trials else { return }
    if known >= state.first + state.pending.count {
      try state.proposals.skip(known - state.proposals.count)
      state.first = known
      try draw(&state)
    }
    try store.add(Array(state.pending.dropFirst(known - state.first)), after: known)
    state.first += state.pending.count
    state.pending = []
  }

  private func draw(_ state: inout State) throws {
    state.pending = []
    while state.pending.count < Self.portion, let next = try state.proposals.next() {
      try checkValidation(next)
      state.pending.append(next)
    }
  }

  /// Trials are chosen by validation loss, so every one needs images for that, and others to train on.
  private func checkValidation(_ configuration: Configuration) throws {
    let count = configuration.validationCount(of: images)
    guard count > 0, count < images else {
      throw SearchError(
        .space,
        "validation is \(configuration.validation): a search chooses by the validation loss, so expected from 1 to "
          + "\(images - 1) of the \(images) training images, or a fraction that gives as many")
    }
  }
}
