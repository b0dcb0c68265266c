import Foundation
import Synchronization
import Training

/// A group whose ranks are threads of one process.
final class Loopback: Sendable {
  let count: Int
  private let box = Mutex<[Route: [[UInt8]]]>([:])

  private struct Route: Hashable {
    let from: Int
    let to: Int
  }

  init(_ count: Int) { self.count = count }

  /// Runs `body` at every rank at once; results by rank.
  static func run<Value: Sendable>(_ count: Int, _ body: @escaping @Sendable (any Collective) throws -> Value)
    -> [Result<Value, any Error>]
  {
    let network = Loopback(count)
    let results = Mutex([Int: Result<Value, any Error>]())
    let threads = (0..<count).map { rank in
      let thread = Thread {
        let result = Result { try body(Rank(rank, network)) }
        results.withLock { $0[rank] = result }
      }
      thread.stackSize = 8 << 20
      thread.start()
      return thread
    }
    while results.withLock({ $0.count }) < threads.count { usleep(500) }
    return results.withLock { results in (0..<count).map { results[$0]! } }
  }

  private final class Rank: Collective {
    let rank: Int
    private let network: Loopback
    var count: Int { network.count }

    init(_ rank: Int, _ network: Loopback) { (self.rank, self.network) = (rank, network) }

    func exchange(_ sent: [Outgoing], _ received: [Incoming]) throws {
      for message in sent {
        network.box.withLock {
          $0[Route(from: rank, to: message.rank), default: []].append(Array(message.bytes))
        }
      }
      for message in received {
        let route = Route(from: message.rank, to: rank)
        let deadline = ContinuousClock.now + .seconds(120)
        while true {
          let bytes = network.box.withLock { box -> [UInt8]? in
            guard let first = box[route]?.first else { return nil }
            box[route]!.removeFirst()
            return first
          }
          if let bytes {
            guard bytes.count == message.bytes.count else {
              throw Lost("\(bytes.count) bytes for \(message.bytes.count)")
            }
            message.bytes.copyBytes(from: bytes)
            break
          }
          guard ContinuousClock.now < deadline else {
            throw Lost("rank \(message.rank) says nothing to rank \(rank)")
          }
          usleep(50)
        }
      }
    }
  }

  /// A message that never came, or had another size.
  struct Lost: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
  }
}
