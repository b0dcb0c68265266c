import ArgumentParser
import Models
import Numerics

/// Preprocessing of the command line before the parser.
enum CommandLineWords {
  /// Joins negative numbers, which the parser would take for options, to their option: `--epochs -3` is `--epochs=-3`.
  /// A word after `--trace` is its value only if it is a number.
  static func joined(_ arguments: [String]) -> [String] {
    var words: [String] = []
    for word in arguments {
      if let last = words.last, last.hasPrefix("--"), last.count > 2, !last.contains("="),
        word.wholeMatch(of: /-\.?\d.*/) != nil, Double(word) != nil
      {
        words[words.count - 1] = "\(last)=\(word)"
      } else if words.last == "--trace", Int(word) == nil {
        words[words.count - 1] = "--trace=auto"
        words.append(word)
      } else {
        words.append(word)
      }
    }
    return words
  }

  /// The subcommands at the start of the arguments.
  static func commands(_ arguments: [String]) -> [any ParsableCommand.Type] {
    var commands: [any ParsableCommand.Type] = [RootCommand.self]
    for word in arguments {
      guard let next = children(of: commands.last!).first(where: { name(of: $0) == word }) else { break }
      commands.append(next)
    }
    return commands
  }

  /// Throws: `UsageError` if the arguments start with an unknown command, even with --help.
  static func requireCommand(_ arguments: [String]) throws {
    let commands = commands(arguments)
    let names = children(of: commands.last!).map { name(of: $0) }
    guard !names.isEmpty, arguments.count >= commands.count else { return }
    let word = arguments[commands.count - 1]
    guard !word.hasPrefix("-"), word != "help" else { return }
    let place = commands.dropFirst().map { name(of: $0) }
    let what = place.isEmpty ? "command" : "command of \(place.joined(separator: " "))"
    throw UsageError(
      "unknown \(what) '\(word)'\(didYouMean(word, among: names)): expected one of \(names.joined(separator: ", "))"
    )
  }

  /// A suggestion for an unknown option: ` (did you mean --set learning-rate=…?)`;
  /// nil if the command takes no settings, or none is similar.
  static func setting(for option: String, _ arguments: [String]) -> String? {
    let takesSettings = ["train", "plan", "bench", "cross-validate"].contains(arguments.first ?? "")
    let word = String(option.drop { $0 == "-" }.prefix { $0 != "=" })
    guard takesSettings, word.count > 1 else { return nil }
    return ConfigurationKey.nearest(to: word).map { "--set \($0)=…" }
  }

  static func name(of command: any ParsableCommand.Type) -> String { command._commandName }

  private static func children(of command: any ParsableCommand.Type) -> [any ParsableCommand.Type] {
    // Includes those of groups.
    command.configuration.subcommands
  }
}
