import Foundation
import Models
import Testing
import Training

@Suite("Estimates of a step over several processes")
struct StepEstimateTests {
  private func estimate(
    _ processes: Int, parts: Int, latency: Double, bandwidth: Double, bytes: Int = 1000,
    computing: (Int) -> Double = { Double($0) }
  ) throws -> StepEstimate {
    var configuration = Configuration(withoutRecipe: .vae)
    try configuration.set("batch-size", "1024")
    try configuration.set("shards", "\(parts)")
    return StepEstimate(
      configuration, processes: processes, bytes: bytes,
      network: StepEstimate.Network(latency: latency, bandwidth: bandwidth), computing: computing)
  }

  @Test("One process exchanges nothing")
  func alone() throws {
    let alone = try estimate(1, parts: 8, latency: 1, bandwidth: 1)
    #expect(alone.seconds == 8 && alone.bytesOfAll == 0 && alone.waiting == 0 && alone.sending == 0)
    #expect(alone.imagesPerSecond == 128)
  }

  @Test("Powers of two: a message and a latency for each level of the tree", arguments: [2, 4, 8, 64, 1024])
  func powersOfTwo(_ processes: Int) throws {
    let levels = Double(processes.trailingZeroBitCount)
    let estimate = try estimate(processes, parts: 1024, latency: 3, bandwidth: 500)
    #expect(estimate.partsOfOne == 1024 / processes && estimate.bytesOfOne == 1000 * Int(levels))
    #expect(estimate.bytesOfAll == processes * estimate.bytesOfOne)
    #expect(estimate.computing == Double(1024 / processes) && estimate.waiting == 3 * levels)
    #expect(estimate.sending == 2 * levels && estimate.seconds == estimate.computing + 5 * levels)
  }

  @Test("Three processes of three parts: the last waits for the sum of the others, and has to send to both")
  func three() throws {
    // Ranks 0 and 1 exchange (1 + 2 s); then one of them sends to rank 2, which sends to both (1 s each), and all wait.
    let estimate = try estimate(3, parts: 3, latency: 2, bandwidth: 1000)
    #expect(estimate.bytesOfOne == 2000 && estimate.bytesOfAll == 5000)
    #expect(estimate.computing == 1 && estimate.seconds == 1 + 3 + 1 + 2)
  }

  @Test("Processes over a slow network take as long as estimated", arguments: [1, 2, 4, 8])
  func measured(_ processes: Int) throws {
    let (latency, bandwidth, bytes) = (0.03, 1e6, 20_000)
    let estimate = try estimate(processes, parts: 8, latency: latency, bandwidth: bandwidth, bytes: bytes) {
      0.02 * Double($0)
    }
    let results = Loopback.run(processes) { group in
      let slow = DelayingCollective(group, latency: latency, bandwidth: bandwidth)
      let (own, other) = (
        [UInt8](repeating: 1, count: bytes),
        UnsafeMutableRawBufferPointer.allocate(byteCount: bytes, alignment: 8)
      )
      defer { other.deallocate() }
      let share = PartTree.share(of: group.rank, of: processes, parts: 8)
      let began = ContinuousClock.now
      usleep(UInt32(20_000 * share.count))
      for step in PartExchange.steps(rank: group.rank, of: processes, parts: 8) {
        try own.withUnsafeBytes { own in
          try slow.exchange(
            step.sent.map { Outgoing(to: $0.rank, own) },
            step.received.map { [Incoming(from: $0.rank, other)] } ?? [])
        }
      }
      return began.duration(to: .now) / .seconds(1)
    }
    let seconds = try results.map { try $0.get() }.max()!
    // Never faster; slower because threads here compete for processors.
    #expect(
      seconds >= 0.98 * estimate.seconds && seconds < 1.3 * estimate.seconds + 0.25,
      "\(seconds) s, \(estimate)")
  }
}

/// A group whose messages take as long as on a network.
private final class DelayingCollective: Collective {
  private let group: any Collective
  private let latency: Double
  private let bandwidth: Double
  var rank: Int { group.rank }
  var count: Int { group.count }

  init(_ group: any Collective, latency: Double, bandwidth: Double) {
    (self.group, self.latency, self.bandwidth) = (group, latency, bandwidth)
  }

  func exchange(_ sent: [Outgoing], _ received: [Incoming]) throws {
    for message in sent { usleep(UInt32(1e6 * Double(message.bytes.count) / bandwidth)) }
    try group.exchange(sent, received)
    if !received.isEmpty { usleep(UInt32(1e6 * latency)) }
  }
}
