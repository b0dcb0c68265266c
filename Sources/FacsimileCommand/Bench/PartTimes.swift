import Models
import Parity
import Programs

/// Measured times of a process's share of a step: computing the gradients of some parts, reading their sums, writing
/// the sum over all, and the update.
struct PartTimes {
  /// Bytes of a sum over parts.
  let bytes: Int
  private let measured: [Int: Double]

  /// Measures the shares of parts that occur with these numbers of processes.
  ///
  /// - Throws: the backend's error.
  init(_ configuration: Configuration, on backend: any Backend, processes: [Int]) throws {
    let shares = processes.flatMap { count in
      (0..<count).map { PartTree.share(of: $0, of: count, parts: configuration.partCount).count }
    }
    var measured: [Int: Double] = [:]
    var bytes = 0
    for share in Set(shares) {
      let prepared = try BenchCase.prepare(
        configuration, on: backend, images: configuration.batchSize, parts: 0..<share)
      bytes = 4 * prepared.partSumCount
      let sums = prepared.partSums()
      func step() throws {
        try prepared.gradients(0)
        try prepared.read(sums)
        try prepared.write(sums)
        try prepared.update(0)
        try prepared.synchronize()
      }
      for _ in 0..<3 { try step() }
      let times = try (0..<15).map { _ in
        let began = ContinuousClock.now
        try step()
        return began.duration(to: .now) / .seconds(1)
      }
      measured[share] = times.sorted()[times.count / 2]
    }
    self.measured = measured
    self.bytes = bytes
  }

  /// Seconds of a step with a share of `parts`.
  func seconds(parts: Int) -> Double { measured[parts]! }
}
