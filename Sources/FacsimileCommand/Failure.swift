import ArgumentParser
import Backends
import Foundation
import Models
import Storage
import Training

/// Exit statuses of the process.
enum ExitStatus {
  static let done: Int32 = 0
  /// The check failed.
  static let no: Int32 = 1
  static let couldNotRun: Int32 = 2
  /// Invalid usage.
  static let usage: Int32 = 64
  /// Stopped by a signal; can be resumed.
  static let interrupted: Int32 = 130
}

/// An invalid command line.
struct UsageError: Error, CustomStringConvertible {
  /// The message, in one line.
  let description: String

  init(_ description: String) { self.description = description }
}

/// Throws: `UsageError` if the value of `option` is out of range.
func require(_ option: String, _ value: Int?, in range: ClosedRange<Int>) throws {
  guard let value, !range.contains(value) else { return }
  throw UsageError(
    "\(option) is \(value): expected a whole number from \(range.lowerBound) to \(range.upperBound)")
}

/// Throws: `UsageError` if a noise factor is out of range.
func requireNoise(_ factor: Double?) throws {
  guard let factor, !(0...10).contains(factor) else { return }
  throw UsageError("--noise is \(factor): expected a number from 0 to 10")
}

/// A failure other than invalid usage.
struct CommandFailure: Error, CustomStringConvertible {
  /// The message, in one line.
  let description: String

  init(_ description: String) { self.description = description }
}

/// An error as shown to the user: one line and an exit status.
struct Failure {
  let line: String
  let status: Int32

  init(_ error: any Error, _ arguments: [String]) {
    if let failure = error as? JobFailure {
      (line, status) = (failure.description, failure.status)
      return
    }
    // Only errors of the parser itself have this code.
    let isParserError = RootCommand.exitCode(for: error) == .validationFailure
    status = isParserError || Self.isUsage(error) ? ExitStatus.usage : ExitStatus.couldNotRun
    var text = isParserError ? Self.parserMessage(error, arguments) : Self.message(error)
    text = text.split(whereSeparator: \.isNewline).map { $0.trimmingCharacters(in: .whitespaces) }
      .joined(separator: " ")
    line = isParserError ? "\(text) (see '\(Self.help(arguments))')" : text
  }

  private static func isUsage(_ error: any Error) -> Bool {
    switch error {
    case is UsageError, is ConfigurationError: true
    case let error as DeviceError: error.kind == .usage
    default: false
    }
  }

  /// The description of our errors, and the localized text of Foundation's.
  private static func message(_ error: any Error) -> String {
    if let error = error as? TrainingError, let remedy = error.remedy {
      return "\(error.description) (\(command(remedy)))"
    }
    let isFoundations = type(of: error) is NSError.Type || error is CocoaError || error is POSIXError
    guard isFoundations else { return "\(error)" }
    let facts = error as NSError
    return (facts.userInfo[NSFilePathErrorKey].map { "\($0): " } ?? "") + facts.localizedDescription
  }

  /// The command line of a remedy.
  private static func command(_ remedy: TrainingError.Remedy) -> String {
    switch remedy {
    case .goOn(let folder): "facsimile train --resume \(shellQuoted(path: folder))"
    case .goOnFrom(let folder, let checkpoint):
      "facsimile train --resume \(shellQuoted(path: folder)) --checkpoint \(shellQuoted(path: checkpoint))"
    case .beginAnew(let model, let folder): "facsimile train \(model) --from \(shellQuoted(path: folder))"
    case .giveWeights: "--from"
    }
  }

  /// The help command for the subcommand in `arguments`.
  private static func help(_ arguments: [String]) -> String {
    let names = CommandLineWords.commands(arguments).map { CommandLineWords.name(of: $0) }
    return (names + ["--help"]).joined(separator: " ")
  }

  /// The parser's message, with a hint if an unknown option is the name of a setting.
  private static func parserMessage(_ error: any Error, _ arguments: [String]) -> String {
    let text = RootCommand.message(for: error)
    // The parser's own suggestion takes precedence, except for options so short that anything is similar.
    guard let match = text.firstMatch(of: /Unknown option '(--?[^']+)'/),
      !text.contains("Did you mean") || match.1.count <= 4,
      let setting = CommandLineWords.setting(for: String(match.1), arguments)
    else { return text }
    return "Unknown option '\(match.1)' (did you mean \(setting)?)"
  }
}
