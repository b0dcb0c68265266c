import Foundation
import Models
import Numerics
import Storage

extension Configuration {
  /// Throws: `ConfigurationError` if a batch has fewer parts than there are `ranks`.
  package func requireParts(for ranks: Int) throws {
    guard ranks > partCount else { return }
    let batch =
      shards == partCount ? "" : ", which make \(counted(partCount, "part")) of a batch of \(batchSize)"
    throw ConfigurationError(
      "shards is \(shards)\(batch): expected at least as many parts as processes, \(ranks); start fewer, or set more shards"
    )
  }
}

extension Collective {
  /// The share of `count` items that this rank works on: consecutive ones, by rank.
  func share(of count: Int) -> Range<Int> { PartTree.share(of: rank, of: self.count, parts: count) }

  /// The values that ranks computed for their ``share(of:)``, in order.
  func join<Value: BitwiseCopyable>(_ values: [Value]) throws -> [Value] {
    try gather(values.withUnsafeBytes { Array($0) }).flatMap { bytes in
      let count = bytes.count / MemoryLayout<Value>.stride
      return [Value](unsafeUninitializedCapacity: count) {
        UnsafeMutableRawBufferPointer($0).copyBytes(from: bytes)
        $1 = count
      }
    }
  }

  /// Sums of counts over all ranks.
  func sum(_ counts: [[Int]]) throws -> [[Int]] {
    let all = try gather(Array(JSONEncoder().encode(counts))).map {
      try JSONDecoder().decode([[Int]].self, from: Data($0))
    }
    return counts.indices.map { row in
      counts[row].indices.map { column in all.reduce(0) { $0 + $1[row][column] } }
    }
  }

  /// Checks that all ranks hold the same state.
  ///
  /// The state that most ranks hold counts as correct; on a tie, that of the lowest rank.
  ///
  /// - Throws: ``GroupError`` that names the first rank with another state, and the first tensor that differs.
  func requireSame(_ state: ModelState, epoch: Int, device: String) throws {
    let hashes = try gather(Array(state.sha256.utf8))
    let right = Self.mostFrequent(hashes)
    guard let wrong = hashes.firstIndex(where: { $0 != hashes[right] }) else { return }
    let tensors = state.parameters + state.optimizer
    let own = tensors.map { tensor in tensor.values.withUnsafeBytes { Fingerprint.hex(of: Data($0)) } }
    let all = try gather(Array(own.joined(separator: " ").utf8)).map {
      String(decoding: $0, as: UTF8.self).split(separator: " ")
    }
    let devices = try gather(Array(device.utf8)).map { String(decoding: $0, as: UTF8.self) }
    let first = tensors.indices.first { all[wrong][$0] != all[right][$0] }
    throw GroupError(
      "after epoch \(epoch) rank \(wrong) (\(devices[wrong])) has another state than rank \(right) (\(devices[right]))"
        + (hashes.count > 2 ? " and most" : "")
        + (first.map { ": the first tensor that differs is \(tensors[$0].name)" } ?? "")
        + "; that epoch was not saved")
  }

  /// The first index of the most frequent element.
  private static func mostFrequent(_ elements: [[UInt8]]) -> Int {
    let counts = elements.map { element in elements.count { $0 == element } }
    return counts.firstIndex(of: counts.max()!)!
  }
}
