import Datasets
import Foundation
import LivePage
import Models
import Storage
import TestSupport
import Testing
import Training

/// A page over a folder of its own, with requests as a browser sends them, or as none does.
final class Served {
  let place: TemporaryFolder
  let page: LivePage

  /// - Parameters:
  ///   - name: a folder in it that is served; nil: all of it.
  ///   - prepare: fills the folder before it is served.
  init(
    _ name: String? = nil, host: String = "127.0.0.1", token: String? = nil,
    limits: HTTPLimits = HTTPLimits(),
    _ prepare: (TemporaryFolder) throws -> Void = { _ in }
  ) throws {
    place = try TemporaryFolder()
    try prepare(place)
    page = try LivePage(name.map(place.file) ?? place.url, host: host, token: token, limits: limits)
  }

  deinit { page.stop() }

  /// An answer.
  struct Reply {
    let status: Int
    let headers: [String: String]
    let body: Data

    var text: String { String(decoding: body, as: UTF8.self) }

    func json() throws -> [String: Any] {
      try #require(try JSONSerialization.jsonObject(with: body) as? [String: Any])
    }
  }

  /// Requests a path.
  func get(_ target: String, _ headers: [String] = [], method: String = "GET") throws -> Reply {
    let lines =
      ["\(method) \(target) HTTP/1.1", "Host: localhost:\(page.port)", "Connection: close"] + headers
    return try #require(try send(Data((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)))
  }

  /// The list, once everything is read.
  func list(_ key: String = "runs") throws -> [[String: Any]] {
    while true {
      let rows = try #require(try get("/api/runs").json()[key] as? [[String: Any]])
      if !rows.contains(where: { $0["state"] as? String == "reading" }) { return rows }
    }
  }

  /// The row of a run; waits until it has a state.
  func row(_ path: String, until state: String) throws -> [String: Any]? {
    var row: [String: Any]?
    for _ in 0..<100 {
      row = try list().first { $0["run"] as? String == path }
      if row?["state"] as? String == state { return row }
      usleep(50_000)
    }
    return row
  }

  /// Sends bytes as they are; nil if the connection ends without an answer.
  func send(_ bytes: Data) throws -> Reply? {
    let socket = try connect()
    defer { close(socket) }
    var rest = bytes
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        Foundation.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { break }
      rest = rest.dropFirst(count)
    }
    return Self.reply(Self.readAll(socket))
  }

  /// A connection without any request.
  func connect() throws -> Int32 {
    let socket = Foundation.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var place = sockaddr_in()
    place.sin_family = sa_family_t(AF_INET)
    place.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    place.sin_port = UInt16(page.port).bigEndian
    let isOpen = withUnsafeBytes(of: &place) {
      Foundation.connect(
        socket, $0.baseAddress!.assumingMemoryBound(to: sockaddr.self),
        socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
    }
    try #require(isOpen)
    return socket
  }

  static func readAll(_ socket: Int32) -> Data {
    var data = Data()
    var part = [UInt8](repeating: 0, count: 65_536)
    while case let count = recv(socket, &part, part.count, 0), count > 0 { data += part[..<count] }
    return data
  }

  static func reply(_ data: Data) -> Reply? {
    guard let end = data.range(of: Data("\r\n\r\n".utf8)) else { return nil }
    let lines = String(decoding: data[..<end.lowerBound], as: UTF8.self).components(separatedBy: "\r\n")
    guard let status = lines[0].split(separator: " ").dropFirst().first.flatMap({ Int($0) }) else {
      return nil
    }
    var headers: [String: String] = [:]
    for line in lines.dropFirst() {
      let parts = line.split(separator: ":", maxSplits: 1)
      headers[parts[0].lowercased()] = parts.count > 1 ? parts[1].trimmingCharacters(in: .whitespaces) : ""
    }
    return Reply(status: status, headers: headers, body: Data(data[end.upperBound...]))
  }
}

/// Runs for the page.
enum Example {
  static let dataset = Result { try Blobs.dataset(train: 80, test: 20) }

  static func configuration(_ settings: [String: String] = [:]) throws -> Models.Configuration {
    var configuration = Configuration(withoutRecipe: .vae)
    let small = ["hidden": "8", "latent": "2", "epochs": "2", "batch-size": "16", "validation": "0.2"]
    for (key, value) in small.merging(settings, uniquingKeysWith: { $1 }) {
      try configuration.set(key, value)
    }
    return configuration
  }

  /// Makes a finished run of two epochs.
  static func put(_ name: String, in place: TemporaryFolder) throws {
    let folder = URL(systemPath: place.path(name), isDirectory: true)
    let trainer = try Trainer(
      configuration(), dataset: dataset.get(), backend: cpu(1), folder: RunFolder(creating: folder))
    _ = try trainer.fit()
  }
}

/// Percent-encoded for a query.
func encoded(_ text: String) -> String {
  SystemPath.bytes(text).map { byte in
    byte >= 0x30 && byte <= 0x39 || byte >= 0x41 && byte <= 0x5A || byte >= 0x61 && byte <= 0x7A
      ? String(UnicodeScalar(byte)) : "%" + String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
  }.joined()
}
