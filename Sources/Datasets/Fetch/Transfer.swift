import CSystem
import Foundation

/// One request for a file, or for the rest of one, over HTTP.
struct Transfer {
  /// Why a transfer ended early.
  enum Failure: Error, Equatable {
    /// libcurl cannot be loaded; the system's message.
    case noLibrary(String)
    /// The server's answer is an error.
    case status(Int)
    /// The server was silent, or nearly so, for this many seconds.
    case slow(Int)
    /// Anything else; libcurl's message.
    case other(String)
  }

  /// What the response headers say.
  struct Answer {
    /// The first byte of the file that follows; 0 unless a part was asked for and the server sends it.
    var start = 0
    /// Bytes that follow, if known.
    var count: Int?
  }

  /// The address, `http:` or `https:`.
  let url: String
  /// Bytes to skip at the beginning.
  let offset: Int
  /// Seconds to wait for a silent server.
  let patience: Int

  /// Performs the request.
  ///
  /// - Parameter receive: called with each part of the body, in order; what it throws ends the transfer.
  /// - Throws: `Failure`, or the error of `receive`.
  func run(_ receive: @escaping (Answer, UnsafeRawBufferPointer) throws -> Void) throws {
    let reception = Reception(receive)
    var status = 0
    var message = [CChar](repeating: 0, count: 256)
    let range = offset > 0 ? strdup("\(offset)-") : nil
    let (address, agent) = (strdup(url), strdup("facsimile"))
    defer { for text in [range, address, agent] { free(text) } }
    let code = withExtendedLifetime(reception) {
      var transfer = facsimile_transfer(
        url: address, range: range, agent: agent, patience: patience,
        header: { context, bytes, count in
          Reception.of(context).note(UnsafeRawBufferPointer(start: bytes, count: count))
          return true
        },
        body: { context, bytes, count in
          Reception.of(context).take(UnsafeRawBufferPointer(start: bytes, count: count))
        },
        context: Unmanaged.passUnretained(reception).toOpaque())
      return facsimile_perform_transfer(&transfer, &status, &message)
    }
    if let error = reception.error { throw error }
    let text = String(decoding: message.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    switch code {
    case 0: return
    case -1: throw Failure.noLibrary(text)
    case 22: throw Failure.status(status)
    case 28: throw Failure.slow(patience)
    default: throw Failure.other(text)
    }
  }
}

/// Passes on what libcurl receives, and keeps the error that ends the transfer.
private final class Reception {
  private let receive: (Transfer.Answer, UnsafeRawBufferPointer) throws -> Void
  private var answer = Transfer.Answer()
  private(set) var error: (any Error)?

  init(_ receive: @escaping (Transfer.Answer, UnsafeRawBufferPointer) throws -> Void) {
    self.receive = receive
  }

  static func of(_ context: UnsafeMutableRawPointer?) -> Reception {
    Unmanaged.fromOpaque(context!).takeUnretainedValue()
  }

  /// Handles a header line; a status line starts another answer, as after a redirect.
  func note(_ bytes: UnsafeRawBufferPointer) {
    let line = String(decoding: bytes, as: UTF8.self).lowercased()
    if line.hasPrefix("http/") {
      answer = Transfer.Answer()
    } else if let match = line.firstMatch(of: /^content-length: *([0-9]{1,18})/) {
      answer.count = Int(match.1)
    } else if let match = line.firstMatch(of: /^content-range: *bytes +([0-9]{1,18})-/) {
      answer.start = Int(match.1) ?? 0
    }
  }

  func take(_ bytes: UnsafeRawBufferPointer) -> Bool {
    do { try receive(answer, bytes) } catch { self.error = error }
    return error == nil
  }
}
