import Foundation
import Models
import Programs

/// The operations of a training step one by one, each with the least time of many steps: what disturbs only adds.
struct OperationRates {
  /// A line of `bench --operations --json`.
  struct Figures: Encodable {
    let model: String
    let device: String
    let batch: Int
    /// Kinds of the operations that the device computes together; mostly one.
    let operations: [String]
    /// The first buffer that the last of them writes.
    let result: String
    let seconds: Double
    let flopsPerSecond: Double
    /// All buffers that they read and write.
    let bytesPerSecond: Double
    /// The nearer limit: `fma`, or `memory` for moving as many bytes; nil on other devices than processors.
    var limit: String?
    var shareOfLimit: Double?
  }

  let configuration: Configuration
  let backend: any Backend

  /// Measures steps for as long as `effort` says.
  ///
  /// - Throws: the backend's error.
  func measure(_ effort: BenchCase.Effort) throws -> [Figures] {
    let prepared = try BenchCase.prepare(configuration, on: backend, images: configuration.batchSize)
    let limits = Limits(backend.device)
    for _ in 0..<3 { try prepared.step(0) }
    var least = try prepared.times(0)
    let end = ContinuousClock.now + .seconds(Double(effort.rounds) * effort.seconds)
    repeat {
      least = try zip(least, prepared.times(0)).map { $0.seconds < $1.seconds ? $0 : $1 }
    } while ContinuousClock.now < end
    return least.map { figures($0, limits) }
  }

  private func figures(_ time: OperationTime, _ limits: Limits?) -> Figures {
    let descriptors = time.operations.map(\.descriptor)
    let flops = Double(descriptors.reduce(0) { $0 + $1.flops })
    let bytes = descriptors.reduce(0) { $0 + $1.traffic.read + $1.traffic.written }
    let seconds = max(time.seconds, 1e-9)
    var figures = Figures(
      model: configuration.model.rawValue, device: backend.device.identifier, batch: configuration.batchSize,
      operations: descriptors.map(\.kind.rawValue), result: descriptors.last?.results.first?.name ?? "",
      seconds: seconds, flopsPerSecond: flops / seconds, bytesPerSecond: Double(bytes) / seconds)
    if let limits {
      let (computing, moving) = (flops / limits.flopsPerSecond, Double(bytes) / limits.bytesPerSecond(bytes))
      figures.limit = computing > moving ? "fma" : "memory"
      figures.shareOfLimit = max(computing, moving) / seconds
    }
    return figures
  }
}

/// What a processor can do at most, as measured now.
private final class Limits {
  let flopsPerSecond: Double
  private let threads: Int
  private var measured: [Int: Double] = [:]

  /// Nil if the device is no processor.
  init?(_ device: DeviceInfo) {
    guard device.kind == .cpu else { return nil }
    threads = device.units
    flopsPerSecond = Peak.measure(threads: threads)
  }

  /// For reading and writing `bytes` bytes together, to the next power of two.
  func bytesPerSecond(_ bytes: Int) -> Double {
    let size = 1 << max(12, Int(log2(Double(max(bytes, 1))).rounded(.up)))
    if let rate = measured[size] { return rate }
    let rate = Peak.moving(bytes: size / 2, threads: threads)
    measured[size] = rate
    return rate
  }
}
