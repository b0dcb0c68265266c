import Foundation
import Storage

/// A file of PyTorch's results; `tools/reference/README.md` describes the contents.
struct Golden {
  let file: SafeTensors

  init(_ name: String) throws {
    file = try SafeTensors(contentsOf: Self.folder.appendingPathComponent(name + ".safetensors"))
  }

  /// `Tests/Goldens`.
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Goldens")

  /// The names of all files, sorted.
  static let names: [String] = {
    let files = try! FileManager.default.contentsOfDirectory(atPath: folder.path)
    return files.filter { $0.hasSuffix(".safetensors") }.map { String($0.dropLast(12)) }.sorted()
  }()

  func floats(_ name: String) throws -> [Float] { try file.floats(name) }
  func bytes(_ name: String) throws -> [UInt8] { try file.values(name, of: UInt8.self) }
  func shape(_ name: String) throws -> [Int] { try file.tensor(name).shape }
  func has(_ name: String) -> Bool { file.contains(name) }

  /// The metadata of `key`, as text.
  func text(_ key: String) throws -> String {
    guard let text = file.metadata[key] else { throw Missing(key: key) }
    return text
  }

  /// The metadata of `key`, a JSON value.
  func json<Value: Decodable>(_ key: String, as type: Value.Type = Value.self) throws -> Value {
    try JSONDecoder().decode(type, from: Data(text(key).utf8))
  }

  struct Missing: Error { let key: String }
}

/// ‖a − b‖ / ‖b‖; if b is all zeros, ‖a‖.
func relativeError(_ a: [Float], _ b: [Float]) -> Double {
  relativeError(a.map(Double.init), b.map(Double.init))
}

/// ‖a − b‖ / ‖b‖; if b is all zeros, ‖a‖. Infinite if the counts differ or a value is not finite.
func relativeError(_ a: [Double], _ b: [Double]) -> Double {
  guard a.count == b.count, !b.isEmpty else { return .infinity }
  let difference = zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }.squareRoot()
  let size = b.reduce(0) { $0 + $1 * $1 }.squareRoot()
  let error = size > 0 ? difference / size : difference
  return error.isFinite ? error : .infinity
}

/// The largest |a − b|.
func absoluteError(_ a: [Float], _ b: [Float]) -> Double {
  guard a.count == b.count else { return .infinity }
  return zip(a, b).reduce(0) { worst, pair in
    let error = abs(Double(pair.0) - Double(pair.1))
    return error.isFinite ? max(worst, error) : .infinity
  }
}
