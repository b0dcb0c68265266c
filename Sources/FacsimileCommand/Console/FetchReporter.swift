import Datasets
import Foundation

/// Shows the progress of a download: a bar on a terminal, an occasional line if output is piped.
final class FetchReporter {
  private let line: StatusLine
  private let isAside: Bool
  private var spoken = ContinuousClock.now
  private var began = ContinuousClock.now
  private var offset = 0
  private var counted = 0
  /// Bytes received over the network.
  private(set) var received = 0
  /// A piped log gets a line at least this often.
  private static let silence = Duration.seconds(15)
  /// A terminal is updated this often.
  private static let pause = Duration.milliseconds(100)

  /// Reports to standard error if the results are for a program (`isAside`).
  init(isAside: Bool) {
    self.isAside = isAside
    line = StatusLine(isAside: isAside)
  }

  /// Shows an event.
  func report(_ event: FetchEvent) {
    switch event {
    case .present(let file): say("\(file): there already")
    case .began(let file, let mirror, let offset):
      (began, self.offset, counted) = (.now, offset, offset)
      say("\(file): from \(mirror)" + (offset > 0 ? ", going on after \(Format.bytes(offset))" : ""))
    case .received(let file, let bytes, let total):
      // If a server sends the whole file, it starts again.
      received += max(bytes - (bytes < counted ? 0 : counted), 0)
      if bytes < counted { offset = 0 }
      counted = bytes
      show(file, bytes, total)
    case .failed(let file, _, let reason): say("\(file): \(reason)")
    case .done(let file, let bytes): say("\(file): \(Format.count(bytes)) bytes, as published")
    case .unpacked(let file): say("\(file): unpacked")
    }
  }

  /// Erases the progress line.
  func finish() { line.clear() }

  private func say(_ text: String) {
    spoken = .now
    line.clear()
    Console.tell(text, isAside: isAside)
  }

  private func show(_ file: String, _ bytes: Int, _ total: Int?) {
    let isLive = Console.isTerminal && !isAside
    guard spoken.duration(to: .now) > (isLive ? Self.pause : Self.silence) else { return }
    let seconds = max(began.duration(to: .now) / .seconds(1), 1e-3)
    let rate = Double(bytes - offset) / seconds
    var text = "\(Format.bytes(bytes)) · \(Format.fixed(rate / 1e6, 1)) MB/s"
    guard let total, total > 0 else { return put("\(file) \(text)", isLive) }
    text = "\(100 * bytes / total) % of \(Format.bytes(total)) · \(Format.fixed(rate / 1e6, 1)) MB/s"
    if rate > 0 { text += " · \(Format.time(Double(max(total - bytes, 0)) / rate)) left" }
    let width = isLive ? min(Console.columns - file.count - text.count - 3, 30) : 0
    put(
      "\(file) \(width < 4 ? "" : Format.bar(Double(bytes) / Double(total), width: width) + " ")\(text)",
      isLive)
  }

  private func put(_ text: String, _ isLive: Bool) {
    guard isLive else { return say(text) }
    spoken = .now
    line.show(text)
  }
}
