/// Processes that train one model together, each with a rank from 0 on.
///
/// Every rank makes the same calls in the same order, on one thread; each returns once all its own messages are sent
/// and received. Messages between two ranks arrive in the order in which they were sent.
package protocol Collective: AnyObject {
  /// This process.
  var rank: Int { get }
  /// Number of processes.
  var count: Int { get }
  /// Sends and receives at once; a message is received into exactly as many bytes as were sent.
  ///
  /// - Throws: why messages cannot be exchanged.
  func exchange(_ sent: [Outgoing], _ received: [Incoming]) throws
  /// Exchanges messages in rounds, some of which may be in flight at once: `after` is called for each in order, with at
  /// most ``Round/mostAhead`` others in flight. Ranks with messages for each other must have equally many rounds.
  ///
  /// - Throws: why messages cannot be exchanged.
  func exchange(_ rounds: [Round], after: (Int) -> Void) throws
}

/// Messages that are sent and received together.
package struct Round {
  package let sent: [Outgoing]
  package let received: [Incoming]

  /// Rounds that may be in flight besides the one just completed; receive buffers must have room for all of them.
  package static let mostAhead = 3

  package init(_ sent: [Outgoing], _ received: [Incoming]) { (self.sent, self.received) = (sent, received) }
}

/// A message to a rank.
package struct Outgoing {
  package let rank: Int
  package let bytes: UnsafeRawBufferPointer

  package init(to rank: Int, _ bytes: UnsafeRawBufferPointer) { (self.rank, self.bytes) = (rank, bytes) }
}

/// Buffer for a message from a rank.
package struct Incoming {
  package let rank: Int
  package let bytes: UnsafeMutableRawBufferPointer

  package init(from rank: Int, _ bytes: UnsafeMutableRawBufferPointer) {
    (self.rank, self.bytes) = (rank, bytes)
  }
}

extension Collective {
  package func exchange(_ rounds: [Round], after: (Int) -> Void) throws {
    for (index, round) in rounds.enumerated() {
      try exchange(round.sent, round.received)
      after(index)
    }
  }

  private var others: [Int] { (0..<count).filter { $0 != rank } }

  /// All-gather: the bytes of every rank, by rank.
  package func gather(_ bytes: [UInt8]) throws -> [[UInt8]] {
    let sizes = try gather(sizes: bytes.count)
    var offsets = [0]
    for size in sizes { offsets.append(offsets.last! + size) }
    var all = [UInt8](repeating: 0, count: offsets.last!)
    try bytes.withUnsafeBytes { own in
      try all.withUnsafeMutableBytes { all in
        try exchange(
          others.filter { _ in !own.isEmpty }.map { Outgoing(to: $0, own) },
          others.filter { sizes[$0] > 0 }.map {
            Incoming(from: $0, UnsafeMutableRawBufferPointer(rebasing: all[offsets[$0]..<offsets[$0 + 1]]))
          })
      }
    }
    return sizes.indices.map { $0 == rank ? bytes : Array(all[offsets[$0]..<offsets[$0 + 1]]) }
  }

  /// Broadcast: all ranks get the bytes of rank 0; the others pass nil.
  package func broadcast(_ bytes: [UInt8]?) throws -> [UInt8] {
    precondition((bytes != nil) == (rank == 0), "rank 0 and no other has something to tell")
    let size = try gather(sizes: bytes?.count ?? 0)[0]
    var all = bytes ?? [UInt8](repeating: 0, count: size)
    guard size > 0 else { return all }
    try all.withUnsafeMutableBytes { all in
      try rank == 0
        ? exchange(others.map { Outgoing(to: $0, UnsafeRawBufferPointer(all)) }, [])
        : exchange([], [Incoming(from: 0, all)])
    }
    return all
  }

  /// Whether `isSo` is true at any rank.
  package func any(_ isSo: Bool) throws -> Bool { try gather(sizes: isSo ? 1 : 0).contains(1) }

  private func gather(sizes own: Int) throws -> [Int] {
    var sizes = [UInt64](repeating: 0, count: count)
    try withUnsafeBytes(of: UInt64(own).littleEndian) { own in
      try sizes.withUnsafeMutableBytes { sizes in
        try exchange(
          others.map { Outgoing(to: $0, own) },
          others.map {
            Incoming(from: $0, UnsafeMutableRawBufferPointer(rebasing: sizes[8 * $0..<8 * $0 + 8]))
          })
      }
    }
    sizes[rank] = UInt64(own).littleEndian
    return sizes.map { Int(UInt64(littleEndian: $0)) }
  }
}

/// An error that ends all ranks alike: every rank throws it, and rank 0 reports it.
package struct GroupError: Error, CustomStringConvertible, Hashable, Sendable {
  /// The message, in one line.
  package let description: String

  package init(_ message: String) { description = message }
}
