import Foundation
import Models
import TestSupport
import Testing

/// Whole runs of the program end with the same bits wherever they ran and however they were stopped.
///
/// Every run is given far more epochs than it completes, so that it is certainly running when it is stopped; runs are
/// compared up to the last epoch of the one that was stopped most often.
@Suite("Whole runs from the command line", .serialized)
struct WholeRunTests {
  private let place: TemporaryFolder

  init() throws {
    place = try TemporaryFolder()
    try place.putDataset(train: 400, test: 30)
  }

  /// The results of an epoch, without time and device.
  private struct Epoch: Decodable, Equatable {
    let epoch: Int
    let trainLoss: Double
    let validationLoss: Double
    let trainMetrics: [String: Double]
    let validationMetrics: [String: Double]
    let stateSha256: String
  }

  private func epochs(_ run: String) throws -> [Epoch] {
    struct Manifest: Decodable { let epochs: [Epoch] }
    return try Facsimile.decode(Manifest.self, Data(contentsOf: place.file("\(run)/manifest.json"))).epochs
  }

  /// The devices whose probe passed.
  private func devices() throws -> [String] {
    struct Device: Decodable {
      let identifier: String
      let passed: Bool
    }
    let devices = try Facsimile.run(["devices", "--json"]).json([Device].self)
    return devices.filter(\.passed).map(\.identifier)
  }

  /// Trains, and stops the run soon after it has reported the end of `epoch`.
  private func train(_ arguments: [String], through epoch: Int, signal: Int32 = SIGINT) throws {
    let stop = Facsimile.Stop(signal: signal, text: " \(epoch)/10000")
    let result = try Facsimile.run(["train"] + arguments, in: place.url, stop: stop)
    try #require(result.status == 128 + signal, "\(arguments): \(result.errors)")
  }

  @Test("On every device; stopped, killed and resumed elsewhere", arguments: ModelKind.allCases)
  func everywhere(_ kind: ModelKind) throws {
    let devices = try devices()
    #expect(devices.first == "cpu" && (devices.count > 1 || !TestDevices.isRequired))
    var settings = [kind.rawValue, "--data", "data", "--batch-size", "16", "--epochs", "100000"]
    if kind == .classifier {
      try train(
        ["conv-autoencoder", "--data", "data", "--epochs", "100000", "--out", "encoder"], through: 1)
      settings = settings.dropLast(2) + ["--from", "encoder", "--trainable", "last-2:2,all:100000"]
    }

    try train(settings + ["--device", "cpu", "--out", "stopped"], through: 1)
    let stopped = try epochs("stopped").count
    try train(
      ["--resume", "stopped", "--device", devices.last!], through: stopped + 1, signal: SIGKILL)
    let killed = try epochs("stopped").count
    #expect(killed > stopped)
    try train(["--resume", "stopped", "--device", "cpu", "--threads", "1"], through: killed + 1)
    let expected = try epochs("stopped")
    #expect(expected.map(\.epoch) == Array(1...expected.count) && expected.count > killed)

    for device in devices.map({ [$0] }) + [["cpu", "--threads", "1"]] {
      let run = "on " + device.joined(separator: " ")
      try train(settings + ["--device"] + device + ["--out", run], through: expected.count)
      #expect(try Array(epochs(run).prefix(expected.count)) == expected, "\(kind.rawValue) \(run)")
    }
  }
}
