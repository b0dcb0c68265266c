import Models
import Numerics
import Programs

/// A value that differs between two devices.
package struct Mismatch: Codable, Hashable, Sendable, CustomStringConvertible {
  /// The device that differs from the first.
  package let device: String
  /// Operation or model, and the case.
  package let operation: String
  /// The buffer that differs.
  package let buffer: String
  /// Place of the first difference.
  package let index: Int
  /// Bit pattern on the first device.
  package let expected: UInt32
  /// Bit pattern on this device.
  package let got: UInt32
  /// Number of places that differ.
  package let count: Int
  /// The seed that reproduces it.
  package let seed: UInt64

  /// Distance in units in the last place.
  package var ulps: Int64 {
    func ordered(_ bits: UInt32) -> Int64 {
      bits >> 31 == 0 ? Int64(bits) : -Int64(bits & 0x7fff_ffff)
    }
    return abs(ordered(expected) - ordered(got))
  }

  /// One line: case, place, both values, distance and seed.
  package var description: String {
    func value(_ bits: UInt32) -> String {
      "\(Float(bitPattern: bits)) (0x\(String(bits, radix: 16)))"
    }
    return "\(operation) on \(device): \(buffer)[\(index)] is \(value(got)), expected \(value(expected)), "
      + "\(ulps) ulp apart; \(count) values differ; seed \(seed)"
  }
}

/// The result of comparing devices.
package struct ParityReport: Codable, Hashable, Sendable {
  /// Comparisons made: cases × devices compared with the first.
  package var cases = 0
  /// Comparisons in which every bit agreed.
  package var identical = 0
  /// The others.
  package var mismatches: [Mismatch] = []
  /// The devices; the first is the reference.
  package var devices: [String]
}

/// Runs every operation's cases and every model's on all `devices` and compares with the first, bit for bit.
///
/// - Parameters:
///   - steps: training steps in a model's case.
///   - stride: 1 for all; n takes every n-th case of each operation.
///   - progress: called with a line for each kind of operation and each model.
///
/// Throws: what a backend throws.
package func runParity(
  devices: [any Backend], operations: [Operation.Kind] = Operation.Kind.allCases, models: [ModelKind],
  steps: Int, seed: UInt64, every stride: Int = 1,
  progress: (String) -> Void
) throws -> ParityReport {
  var report = ParityReport(devices: devices.map { "\($0.device.identifier): \($0.device.name)" })
  for kind in operations {
    progress(kind.rawValue)
    for operationCase in OperationCase.cases(of: kind, every: stride, seed: seed) {
      try report.compare("\(kind.rawValue) \(operationCase.name)", devices, seed: seed) {
        try operationCase.run(on: $0, seed: seed)
      }
    }
  }
  for model in models {
    progress(model.rawValue)
    for modelCase in try ModelCase.all(of: model, seed: seed) {
      try report.compare(modelCase.name, devices, seed: seed) { try modelCase.run(on: $0, steps: steps) }
    }
  }
  return report
}

/// Compares every function of the contract over all 2³² inputs on all `devices` with the first, bit for bit.
///
/// - Parameter stride: 1 for all; n takes every n-th run of 2²⁰ inputs.
///
/// Throws: what a backend throws.
package func runFunctionParity(
  devices: [any FunctionSweep], stride: Int = 1, progress: (String) -> Void
) throws -> ParityReport {
  var report = ParityReport(devices: devices.map { "\($0.device.identifier): \($0.device.name)" })
  let run = 1 << 20
  for function in ElementaryFunction.allCases {
    for first in Swift.stride(from: 0, to: 1 << 32, by: run * stride) {
      if first % (1 << 28) == 0 { progress("\(function.rawValue) \(first * 100 >> 32) %") }
      try report.compare("\(function.rawValue) from \(first)", devices, seed: 0) { device in
        let sweep = devices.first { $0.device == device.device }!
        return [("bits", try sweep.sweep(function, first: UInt32(first), count: run))]
      }
    }
  }
  return report
}

extension ParityReport {
  /// Runs one case on all devices and records differences. NaN equals NaN: payloads are ignored.
  mutating func compare(
    _ operation: String, _ devices: [any Backend], seed: UInt64,
    _ run: (any Backend) throws -> [(buffer: String, bits: [UInt32])]
  ) throws {
    guard let first = devices.first else { return }
    let expected = try run(first)
    for device in devices.dropFirst() {
      cases += 1
      let got = try run(device)
      let found = zip(expected, got).compactMap { mismatch($0, $1, operation, device, seed) }
      if found.isEmpty { identical += 1 } else { mismatches += found }
    }
  }

  private func mismatch(
    _ expected: (buffer: String, bits: [UInt32]), _ got: (buffer: String, bits: [UInt32]),
    _ operation: String,
    _ device: any Backend, _ seed: UInt64
  ) -> Mismatch? {
    func isNaN(_ bits: UInt32) -> Bool { bits & 0x7fff_ffff > 0x7f80_0000 }
    precondition(expected.bits.count == got.bits.count, "\(operation): \(expected.buffer) differs in length")
    let places = expected.bits.indices.filter { i in
      let (a, b) = (expected.bits[i], got.bits[i])
      return a != b && !(isNaN(a) && isNaN(b))
    }
    guard let place = places.first else { return nil }
    return Mismatch(
      device: "\(device.device.identifier): \(device.device.name)", operation: operation,
      buffer: expected.buffer, index: place, expected: expected.bits[place], got: got.bits[place],
      count: places.count, seed: seed)
  }
}
