import Models

/// What a training step exchanges between processes, and how long it takes, estimated from the messages of
/// ``PartExchange`` in the order in which they are sent.
///
/// A message arrives one network latency after its last byte is sent; a process sends one message after another, and
/// receives at the same time. Additions and MPI's own work are not counted.
package struct StepEstimate: Encodable, Sendable {
  /// Processes, each with consecutive parts.
  package let processes: Int
  /// Maximum number of parts of one process.
  package let partsOfOne: Int
  /// Maximum number of bytes that one process sends.
  package let bytesOfOne: Int
  /// Bytes that all processes send.
  package let bytesOfAll: Int
  /// Total seconds of a step.
  package let seconds: Double
  /// Seconds that the slowest process computes.
  package let computing: Double
  /// Additional seconds over a network of this latency and unlimited bandwidth.
  package let waiting: Double
  /// Seconds that bandwidth adds.
  package let sending: Double
  package let imagesPerSecond: Double

  /// A network between the processes.
  package struct Network: Sendable {
    /// Seconds until a byte arrives.
    package let latency: Double
    /// Bytes per second that one process can send.
    package let bandwidth: Double

    package init(latency: Double, bandwidth: Double) { (self.latency, self.bandwidth) = (latency, bandwidth) }
  }

  /// - Parameters:
  ///   - processes: at most the configuration's parts.
  ///   - bytes: size of one message, a sum over parts.
  ///   - computing: seconds that a process computes in a step, given its number of parts.
  package init(
    _ configuration: Configuration, processes: Int, bytes: Int, network: Network, computing: (Int) -> Double
  ) {
    let parts = configuration.partCount
    let shares = (0..<processes).map { PartTree.share(of: $0, of: processes, parts: parts) }
    let joins = PartTree.joins(of: parts).map { PartExchange.messages(before: $0, shares) }
    let clocks = shares.map { computing($0.count) }
    func end(_ network: Network) -> Double { Self.end(clocks, joins, bytes: bytes, network) }
    var sent = [Int](repeating: 0, count: processes)
    for message in joins.joined() { sent[message.giver] += bytes }
    self.processes = processes
    partsOfOne = shares.map(\.count).max()!
    bytesOfOne = sent.max()!
    bytesOfAll = sent.reduce(0, +)
    self.computing = clocks.max()!
    seconds = end(network)
    let waited = end(Network(latency: network.latency, bandwidth: .infinity))
    waiting = waited - self.computing
    sending = seconds - waited
    imagesPerSecond = Double(configuration.batchSize) / seconds
  }

  /// When the last process has the sum over all parts, if each starts exchanging at its time in `clocks`.
  private static func end(
    _ clocks: [Double], _ joins: [[PartExchange.Message]], bytes: Int, _ network: Network
  ) -> Double {
    var clocks = clocks
    for messages in joins {
      var free = clocks
      var arrivals: [(taker: Int, time: Double)] = []
      for message in messages {
        free[message.giver] += Double(bytes) / network.bandwidth
        arrivals.append((message.taker, free[message.giver] + network.latency))
      }
      clocks = free
      for (taker, time) in arrivals { clocks[taker] = max(clocks[taker], time) }
    }
    return clocks.max()!
  }
}
