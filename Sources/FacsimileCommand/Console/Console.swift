import Foundation
import Storage
import Synchronization

/// Where words go: results to standard output, diagnostics to standard error.
enum Console {
  /// A line of results.
  static func say(_ line: String) { write(printable(line) + "\n", to: .standardOutput) }

  /// A line for people: beside the results where those are for a program.
  static func tell(_ line: String, isAside: Bool) { if isAside { note(line) } else { say(line) } }

  /// A line beside the results; says nothing to a program that reads them.
  static func note(_ line: String) { write(printable(line) + "\n", to: .standardError) }

  /// The text with control characters, which names of files and classes may hold, as `\\u{1B}`: none reaches a terminal.
  private static func printable(_ text: String) -> String {
    func isControl(_ scalar: Unicode.Scalar) -> Bool {
      scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t"
    }
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    return text.unicodeScalars.map { isControl($0) ? $0.escaped(asASCII: true) : String($0) }.joined()
  }

  /// Why it cannot go on.
  static func complain(_ line: String) { note("error: \(line)") }

  /// Something the user should know.
  static func warn(_ line: String) { note("warning: \(line)") }

  /// Whether standard output is a terminal that can go back to the start of a line; one that does not say so (`TERM` unset or `dumb`, as in
  /// an editor) gets plain lines.
  static let isTerminal: Bool = {
    let kind = SystemPath.environment("TERM")["TERM"] ?? ""
    return isatty(STDOUT_FILENO) == 1 && !["", "dumb", "unknown"].contains(kind)
  }()

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
  static func write(_ text: String, to handle: FileHandle) { write(SystemPath.bytes(text), to: handle) }

  private static func write(_ bytes: [UInt8], to handle: FileHandle) {
    var rest = bytes[...]
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
    // As it is: texts of JSON are UTF-8, so paths that are not stay in ``SystemPath``'s form.
    write(Array(try encoder.encode(value) + [10]), to: .standardOutput)
  }
}

/// One line of a terminal that is written again and again; nothing where there is no terminal. Any number of threads.
///
/// No escape codes, and no colours, which `NO_COLOR` would forbid: what was longer before is covered with spaces.
final class StatusLine: Sendable {
  private let isShown: Bool
  /// Characters on the line.
  private let shown = Mutex(0)

  /// A line, unless the results are for a program (`isAside`).
  init(isAside: Bool = false) { isShown = Console.isTerminal && !isAside }

  /// Shows `text` in place of what was shown before.
  func show(_ text: String) {
    guard isShown else { return }
    shown.withLock { shown in
      let text = text.prefix(Console.columns - 1)
      let rest = max(0, min(shown, Console.columns - 1) - text.count)
      Console.write("\r" + text + String(repeating: " ", count: rest), to: .standardOutput)
      shown = text.count
    }
  }

  /// Takes the line away.
  func clear() {
    guard isShown else { return }
    shown.withLock { shown in
      guard shown > 0 else { return }
      let blank = String(repeating: " ", count: min(shown, Console.columns - 1))
      Console.write("\r" + blank + "\r", to: .standardOutput)
      shown = 0
    }
  }
}
