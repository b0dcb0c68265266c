import Foundation
import Storage
import Synchronization

/// Output: results to standard output, diagnostics to standard error.
enum Console {
  /// Prints a line of results.
  static func say(_ line: String) { write(printable(line) + "\n", to: .standardOutput) }

  /// Prints a line for people; to standard error if the results are for a program.
  static func tell(_ line: String, isAside: Bool) { if isAside { note(line) } else { say(line) } }

  /// Prints a line to standard error.
  static func note(_ line: String) {
    guard !isMuted.load(ordering: .relaxed) else { return }
    report(line)
  }

  private static func report(_ line: String) { write(printable(line) + "\n", to: .standardError) }

  private static let isMuted = Atomic(false)

  /// From now on only errors and warnings are printed: another process of the job prints the rest.
  static func mute() { isMuted.store(true, ordering: .relaxed) }

  /// Escapes control characters (as `\\u{1B}`), which names of files and classes may contain.
  private static func printable(_ text: String) -> String {
    func isControl(_ scalar: Unicode.Scalar) -> Bool {
      scalar.properties.generalCategory == .control && scalar != "\n" && scalar != "\t"
    }
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    return text.unicodeScalars.map { isControl($0) ? $0.escaped(asASCII: true) : String($0) }.joined()
  }

  /// Prints an error.
  static func complain(_ line: String) { report("error: \(line)") }

  /// Prints a warning.
  static func warn(_ line: String) { report("warning: \(line)") }

  private static let isPlain = Atomic(false)

  /// From now on no line is overwritten: an apparent terminal may be a launcher that forwards lines.
  static func useWholeLines() { isPlain.store(true, ordering: .relaxed) }

  /// Whether standard output is a terminal that can overwrite a line (`TERM` is set, and not `dumb`).
  static var isTerminal: Bool { !isPlain.load(ordering: .relaxed) && looksLikeTerminal }

  private static let looksLikeTerminal: Bool = {
    let kind = SystemPath.environment("TERM")["TERM"] ?? ""
    return isatty(STDOUT_FILENO) == 1 && !["", "dumb", "unknown"].contains(kind)
  }()

  /// Columns of the terminal.
  static var columns: Int {
    var size = winsize()
    guard ioctl(STDOUT_FILENO, UInt(TIOCGWINSZ), &size) == 0, size.ws_col > 0 else { return 80 }
    return Int(size.ws_col)
  }

  /// Writes without buffering, so that the reader of a pipe sees each line at once.
  ///
  /// If results cannot be written, work continues, and the process ends with an error: ``lostResults``. A reader that
  /// closes the pipe, such as `head`, is not an error.
  static func write(_ text: String, to handle: FileHandle) { write(SystemPath.bytes(text), to: handle) }

  private static func write(_ bytes: [UInt8], to handle: FileHandle) {
    if handle.fileDescriptor == STDOUT_FILENO, isMuted.load(ordering: .relaxed) { return }
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
        // Another process that shares the terminal or pipe made it non-blocking.
        var poll = pollfd(fd: handle.fileDescriptor, events: Int16(POLLOUT), revents: 0)
        _ = Foundation.poll(&poll, 1, -1)
        continue
      }
      if code != EPIPE, handle.fileDescriptor == STDOUT_FILENO { lost.withLock { $0 = $0 ?? code } }
      return
    }
  }

  private static let lost = Mutex<Int32?>(nil)

  /// Why results could not be written; nil if all were.
  static var lostResults: String? {
    lost.withLock { $0 }.map { "cannot write the results: \(String(cString: strerror($0))) (errno \($0))" }
  }

  /// Prints `value` as JSON.
  static func json(_ value: some Encodable) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    // JSON has no NaN or infinities; most readers can parse these strings.
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    // JSON is UTF-8, so other paths stay in ``SystemPath``'s form.
    write(Array(try encoder.encode(value) + [10]), to: .standardOutput)
  }
}

/// A progress line that is overwritten in place; does nothing without a terminal. Thread-safe.
///
/// It uses no escape codes or colours (`NO_COLOR`): a longer previous line is overwritten with spaces.
final class StatusLine: Sendable {
  private let isShown: Bool
  /// Characters on the line.
  private let shown = Mutex(0)

  /// A progress line, unless the results are for a program (`isAside`).
  init(isAside: Bool = false) { isShown = Console.isTerminal && !isAside }

  /// Replaces the line by `text`.
  func show(_ text: String) {
    guard isShown else { return }
    shown.withLock { shown in
      let text = text.prefix(Console.columns - 1)
      let rest = max(0, min(shown, Console.columns - 1) - text.count)
      Console.write("\r" + text + String(repeating: " ", count: rest), to: .standardOutput)
      shown = text.count
    }
  }

  /// Erases the line.
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
