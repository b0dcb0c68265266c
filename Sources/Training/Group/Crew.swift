import Datasets
import Foundation
import Models
import Programs

/// A group led by rank 0, which decides what to train, one model after another; the other ranks join in.
///
/// Sendable: a search may train on a thread other than the one that created the crew, but only one at a time.
package final class Crew: @unchecked Sendable {
  package let group: any Collective
  /// Whether this rank has left a training in which others may be waiting for it.
  package private(set) var isAstray = false
  /// The trainer at rank 0 of which the others have a copy.
  private var trainer: ObjectIdentifier?

  /// A command from rank 0 to the others.
  private struct Order: Codable {
    /// Exit with this status.
    var status: Int32?
    /// Start again with these settings, from the checkpoint that follows.
    var configuration: String?
    var split: [[UInt32]]?
    /// Whether to train; to the end of epoch `last`, if given.
    var isTraining = false
    var last: Int?
  }

  /// The crew of `group`.
  package init(_ group: any Collective) { self.group = group }

  // MARK: - Rank 0

  /// Gives all others a copy of `trainer`, before it trains.
  ///
  /// - Throws: ``GroupError`` that names a rank that cannot create one.
  func prepare(_ trainer: Trainer) throws {
    guard group.count > 1, self.trainer != ObjectIdentifier(trainer) else { return }
    let split = trainer.split.map { [$0.train, $0.validation] }
    let configuration = try trainer.configuration.json()
    let checkpoint = try trainer.checkpoint().serialized()
    try tell(Order(configuration: configuration, split: split))
    _ = try group.broadcast(Array(checkpoint))
    try requireNoProblem("")
    self.trainer = ObjectIdentifier(trainer)
  }

  /// Runs `body`, a training of `trainer` to the end of epoch `last`, at all ranks.
  func lead<Value>(_ trainer: Trainer, through last: Int?, _ body: () throws -> Value) throws -> Value {
    guard group.count > 1, group.rank == 0 else { return try minding(body) }
    try prepare(trainer)
    try tell(Order(isTraining: true, last: last))
    return try minding(body)
  }

  /// Ends the other ranks.
  package func end(_ status: Int32) throws { if group.count > 1 { try tell(Order(status: status)) } }

  /// Forgets a trainer: another may be allocated at the same address.
  func forget(_ trainer: Trainer) { if self.trainer == ObjectIdentifier(trainer) { self.trainer = nil } }

  private func tell(_ order: Order) throws { _ = try group.broadcast(Array(JSONEncoder().encode(order))) }

  // MARK: - The others

  /// Trains together with rank 0 until rank 0 ends this rank; returns the exit status.
  ///
  /// - Throws: an error at this rank alone; rank 0 may then be waiting for it.
  package func assist(_ dataset: Dataset, on backend: any Backend, _ stopSignal: StopSignal) throws -> Int32 {
    var trainer: Trainer?
    while true {
      let order = try JSONDecoder().decode(Order.self, from: Data(group.broadcast(nil)))
      if let status = order.status { return status }
      if let configuration = order.configuration {
        // Frees its memory before the next is created.
        trainer = nil
        let checkpoint = Data(try group.broadcast(nil))
        let begun = Result {
          try Trainer(
            Configuration(json: configuration), dataset: dataset, backend: backend,
            start: .checkpoint(
              Checkpoint(
                serialized: checkpoint, naming: URL(fileURLWithPath: "/rank-0/checkpoint.safetensors"))),
            split: order.split.map { ($0[0], $0[1]) }, group: group)
        }
        do {
          if case .failure(let error) = begun {
            try requireNoProblem("\(error)")
          } else {
            try requireNoProblem("")
          }
        } catch is GroupError {
          continue
        }
        trainer = try begun.get()
        trainer!.stopSignal = stopSignal
      }
      guard order.isTraining, let trainer else { continue }
      do {
        _ = try minding { try trainer.fit(through: order.last) }
      } catch  where Self.isCommon(error) {
        // Rank 0 handles it.
      }
    }
  }

  private func requireNoProblem(_ own: String) throws {
    let all = try group.gather(Array(own.utf8)).map { String(decoding: $0, as: UTF8.self) }
    if let rank = all.firstIndex(where: { !$0.isEmpty }) { throw GroupError("rank \(rank): \(all[rank])") }
  }

  private func minding<Value>(_ body: () throws -> Value) throws -> Value {
    do {
      return try body()
    } catch {
      if !Self.isCommon(error) { isAstray = true }
      throw error
    }
  }

  /// Whether all ranks throw this error.
  private static func isCommon(_ error: any Error) -> Bool {
    error is GroupError || (error as? TrainingError)?.kind == .notFinite
  }
}
