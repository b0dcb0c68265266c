import ArgumentParser
import Foundation
import Storage
import Training

/// A trained run, for commands that read one.
struct RunOptions: ParsableArguments {
  @Argument(help: ArgumentHelp("The run folder.", valueName: "run"), completion: .directory)
  var run: String

  @Option(help: "Weights to use: of the best epoch, or of the last.")
  var weights = Weights.Choice.best

  /// The folder.
  ///
  /// Throws: `TrainingError` if it is not a run folder.
  func folder() throws -> RunFolder { try RunFolder(reading: URL(systemPath: run, isDirectory: true)) }
}

extension Weights.Choice: ExpressibleByArgument {}
