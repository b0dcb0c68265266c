import ArgumentParser
import CVersion
import Numerics
import Training

/// `facsimile`: a new command is a file in `Commands` and a line here.
struct RootCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "facsimile",
    abstract: "Trains autoencoders, with identical bits on the CPU and on OpenCL devices.",
    discussion: """
      Getting started:
        facsimile devices
        facsimile train conv-autoencoder --data mnist --epochs 5

      Exit status: 0 success; 1 the check failed; 2 could not run; 64 invalid usage; 130 stopped by a signal, can be \
      resumed.
      """,
    version: version,
    groupedSubcommands: [
      CommandGroup(
        name: "Training",
        subcommands: [
          TrainCommand.self, EvaluateCommand.self, ReconstructCommand.self, GenerateCommand.self,
          LatentCommand.self, DenoiseCurveCommand.self, SearchCommand.self, CrossValidateCommand.self,
          StudyCommand.self, ReportCommand.self, RunsCommand.self, ServeCommand.self,
          VerifyCommand.self,
          CompareCommand.self, SignCommand.self,
        ]),
      CommandGroup(
        name: "Device",
        subcommands: [DevicesCommand.self, ParityCommand.self, BenchCommand.self, PlanCommand.self]),
      CommandGroup(
        name: "Data", subcommands: [DataCommand.self, ExportCommand.self, ImportCommand.self]),
    ])

  static var version: String {
    "facsimile \(Version.number), commit \(String(cString: facsimile_commit())), "
      + "numerics contract \(contractVersion)"
  }
}
