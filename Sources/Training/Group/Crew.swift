import Datasets
import Foundation
import Models
import Programs

/// A group that rank 0 leads: it trains whatever it likes, one model after another, and the others train along.
///
/// Sendable: a search trains on another thread than it is begun on, one at a time.
package final class Crew: @unchecked Sendable {
  package let group: any Collective
  /// Whether this rank has left a training in which others may be waiting for it.
  package private(set) var isAstray = false
  /// The trainer at rank 0 that the others have a copy of.
  private var trainer: ObjectIdentifier?

  /// What rank 0 tells the others.
  private struct Order: Codable {
    /// To end, with this exit status.
    var status: Int32?
    /// To begin anew with these settings, from the checkpoint that follows.
    var configuration: String?
    var split: [[UInt32]]?
    /// To train to the end of this epoch, if at all.
    var isTraining = false
    var last: Int?
  }

  /// The crew of `group`.
  package init(_ group: any Collective) { self.group = group }

  // MARK: - Rank 0

  /// Gives all others a copy of `trainer`, which is at its beginning.
  ///
  /// - Throws: ``GroupError`` that names a rank which cannot have one.
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

  /// Lets the others go.
  package func end(_ status: Int32) throws { if group.count > 1 { try tell(Order(status: status)) } }

  /// Forgets a trainer: another may get its place in memory.
  func forget(_ trainer: Trainer) { if self.trainer == ObjectIdentifier(trainer) { self.trainer = nil } }

  private func tell(_ order: Order) throws { _ = try group.broadcast(Array(JSONEncoder().encode(order))) }

  // MARK: - The others

  /// Trains along with rank 0 until it lets this rank go; returns the exit status.
  ///
  /// - Throws: what happened at this rank alone; rank 0 may be waiting for it then.
  package func assist(_ dataset: Dataset, on backend: any Backend, _ stopSignal: StopSignal) throws -> Int32 {
    var trainer: Trainer?
    while true {
      let order = try JSONDecoder().decode(Order.self, from: Data(group.broadcast(nil)))
      if let status = order.status { return status }
      if let configuration = order.configuration {
        // Its memory is needed.
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
        // Rank 0 says what becomes of it.
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

  /// Whether all ranks have met this error in their training.
  private static func isCommon(_ error: any Error) -> Bool {
    error is GroupError || (error as? TrainingError)?.kind == .notFinite
  }
}
