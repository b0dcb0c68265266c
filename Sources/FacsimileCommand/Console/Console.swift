import Foundation
import Synchronization

/// Where words go: results to standard output, diagnostics to standard error.
enum Console {
  /// A line of results.
  static func say(_ line: String) { write(line + "\n", to: .standardOutput) }

  /// A line for people: beside the results where those are for a program.
  static func tell(_ line: String, isAside: Bool) { if isAside { note(line) } else { say(line) } }

  /// A line beside the results; says nothing to a program that reads them.
  static func note(_ line: String) { write(line + "\n", to: .standardError) }

  /// Why it cannot go on.
  static func complain(_ line: String) { note("error: \(line)") }

  /// Something the user should know.
  static func warn(_ line: String) { note("warning: \(line)") }

  /// Whether standard output is a terminal.
  static var isTerminal: Bool { isatty(STDOUT_FILENO) == 1 }

  /// Columns of the terminal.
  static var columns: Int {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// Unbuffered, so that whoever reads a pipe sees each line when it is written.
  ///
  /// Work goes on where results cannot be written, and the process ends with an error: ``lostResults``. A reader that has
  /// read enough, such as `head`, is none.
  static func write(_ text: String, to handle: FileHandle) {
    var rest = Array(text.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Foundation.write(handle.fileDescriptor, $0.baseAddress, $0.count) }
      if count >= 0 {
        rest = rest.dropFirst(count)
        continue
      }
      let code = errno
      if code == EINTR { continue }
      if code == EAGAIN {
        // Whoever shares the terminal or pipe has set it so.
        var poll = pollfd(fd: handle.fileDescriptor, events: Int16(POLLOUT), revents: 0)
        _ = Foundation.poll(&poll, 1, -1)
        continue
      }
      if code != EPIPE, handle.fileDescriptor == STDOUT_FILENO { lost.withLock { $0 = $0 ?? code } }
      return
    }
  }

  private static let lost = Mutex<Int32?>(nil)

  /// Why results could not be written; nil where all were.
  static var lostResults: String? {
    lost.withLock { $0 }.map { "cannot write the results: \(String(cString: strerror($0))) (errno \($0))" }
  }

  /// Figures for a program.
  static func json(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    // JSON has no numbers for these; most readers make them of such texts again.
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    say(String(decoding: try encoder.encode(value), as: UTF8.self))
  }
}

/// One line of a terminal that is written again and again; nothing where there is no terminal.
struct StatusLine {
  private let isShown: Bool

  /// A line, unless the results are for a program (`isAside`).
  init(isAside: Bool = false) { isShown = Console.isTerminal && !isAside }

  /// Shows `text` in place of what was shown before.
  func show(_ text: String) {
    guard isShown else { return }
    Console.write("\r\u{1B}[2K" + text.prefix(Console.columns - 1), to: .standardOutput)
  }

  /// Takes the line away.
  func clear() {
    if isShown { Console.write("\r\u{1B}[2K", to: .standardOutput) }
  }
}
