import Foundation
import Storage

/// An answer.
struct HTTPResponse: Sendable {
  /// The body.
  enum Body: Sendable {
    case data(Data)
    case file(OpenFile)

    var count: Int {
      switch self {
      case .data(let data): data.count
      case .file(let file): file.size
      }
    }
  }

  var status = 200
  var headers: [(name: String, value: String)] = []
  var body = Body.data(Data())

  /// An answer with a body of some type.
  init(status: Int = 200, _ type: String, _ body: Body) {
    (self.status, self.body) = (status, body)
    headers = [("Content-Type", type)]
  }

  /// One line of text.
  init(_ fault: HTTPFault) {
    self.init(status: fault.status, "text/plain; charset=utf-8", .data(Data("\(fault.line)\n".utf8)))
    if fault.status == 405 { headers.append(("Allow", "GET, HEAD")) }
  }

  /// The status line and all headers.
  func head(isKeptAlive: Bool) -> Data {
    let reason =
      switch status {
      case 200: "OK"
      case 304: "Not Modified"
      case 400: "Bad Request"
      case 401: "Unauthorized"
      case 403: "Forbidden"
      case 404: "Not Found"
      case 405: "Method Not Allowed"
      case 408: "Request Timeout"
      case 413: "Content Too Large"
      case 431: "Request Header Fields Too Large"
      case 503: "Service Unavailable"
      case 505: "HTTP Version Not Supported"
      default: "Answer"
      }
    var lines = ["HTTP/1.1 \(status) \(reason)"]
    lines += headers.map { "\($0.name): \($0.value)" }
    if status != 304 { lines.append("Content-Length: \(body.count)") }
    lines.append("Connection: \(isKeptAlive ? "keep-alive" : "close")")
    return Data((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
  }
}

/// A file open for reading, closed with the object.
final class OpenFile: Sendable {
  let descriptor: Int32
  /// Number of bytes to send; a file that is truncated meanwhile ends the connection.
  let size: Int

  /// Opens a plain file, not a symbolic link. Its location is checked after opening, so replacing a folder meanwhile
  /// has no effect.
  ///
  /// - Parameter root: the folder that must contain it, its links resolved.
  /// - Returns: nil if there is none, or it is larger than `limit`.
  init?(_ url: URL, inside root: URL, atMost limit: Int) {
    let flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW
    descriptor = url.path.withSystemPath { open($0, flags) }
    var status = stat()
    let isThere = descriptor >= 0 && fstat(descriptor, &status) == 0
    size = Int(status.st_size)
    // deinit also runs when an initialiser fails.
    guard isThere, status.st_mode & S_IFMT == S_IFREG, size <= limit,
      Files.resolved(URL(fileURLWithPath: "/proc/self/fd/\(descriptor)")).path.hasPrefix(
        root.path.hasSuffix("/") ? root.path : root.path + "/")
    else { return nil }
  }

  /// All of it; nil if it cannot be read.
  var contents: Data? {
    var data = Data(count: size)
    let count = data.withUnsafeMutableBytes { pread(descriptor, $0.baseAddress, size, 0) }
    return count < 0 ? nil : data.prefix(count)
  }

  deinit { if descriptor >= 0 { close(descriptor) } }
}
