import ArgumentParser
import Backends
import Foundation
import Numerics
import Provenance
import Storage
import Training

/// `facsimile compare`
struct CompareCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "compare", abstract: "Finds the first epoch, step and tensor in which two runs differ.",
    discussion: """
      Names other settings, data or versions first. With traces ('facsimile train --trace') of one interval it descends in the \
      trees of hashes over steps and tensors, so that one run has to tell the other a few hashes only; without, it compares the \
      state's hash after every epoch. Nothing is trained again, except with --referee: it trains from the last checkpoint that \
      both have in common, on the CPU, and says which of the two has the right bits.

      Exit status: 0 everything that both hold is the same; 1 they differ.

      Examples:
        facsimile compare runs/vae-1 runs/vae-2
        facsimile compare runs/vae-1 runs/vae-2 --referee
      """)

  @Argument(help: ArgumentHelp("A run folder.", valueName: "run"), completion: .directory)
  var first: String

  @Argument(help: ArgumentHelp("Another.", valueName: "run"), completion: .directory)
  var second: String

  @Flag(help: "If they differ, train the step again on the CPU and say which is right.")
  var referee = false

  @OptionGroup var data: DataOptions
  @OptionGroup var threads: ThreadOptions
  @OptionGroup var output: OutputOptions

  private struct Figures: Encodable {
    let runs: [String]
    let identical: Bool
    let reason: String
    let settings: [String]
    let epoch: Int?
    let step: Int?
    let tensor: String?
    let hashes: Int?
    let referee: Ruling.Verdict?
    let ruling: String?
    let operation: String?
  }

  func run() throws {
    let folders = try [first, second].map { try RunFolder(reading: URL(systemPath: $0, isDirectory: true)) }
    let comparer = try RunComparer(folders[0], folders[1])
    let comparison = try comparer.compare()
    let ruling = referee && comparison.isOfOneTraining ? try rule(comparer, comparison, folders[0]) : nil
    if output.json {
      try Console.json(
        Figures(
          runs: [first, second], identical: comparison.isSame, reason: comparison.reason,
          settings: comparison.settings, epoch: comparison.epoch, step: comparison.difference?.step,
          tensor: comparison.tensor, hashes: comparison.hashes, referee: ruling?.verdict,
          ruling: ruling?.reason, operation: ruling?.operation))
    } else {
      let hashes = comparison.hashes.map { " · \(counted($0, "hash", "hashes")) exchanged" } ?? ""
      Console.say((comparison.isSame ? "IDENTICAL: " : "DIFFERENT: ") + comparison.reason + hashes)
      if let ruling { Console.say("referee: \(ruling.reason)") }
    }
    if !comparison.isSame { throw ExitCode(ExitStatus.no) }
  }

  private func rule(_ comparer: RunComparer, _ comparison: Comparison, _ folder: RunFolder) throws -> Ruling {
    let dataset = try data.load(of: folder)
    let catalog = DeviceCatalog(threads: try threads.checked())
    let backend = try catalog.open(DeviceChoice("cpu")).backend
    let reporter = TrainingReporter(epochs: comparison.epoch ?? 1, isAside: true)
    defer { reporter.finish() }
    let ruling = try comparer.referee(
      comparison, dataset: dataset, backend: backend, signal: .onInterrupt(), listener: reporter.report,
      device: { try? catalog.open(DeviceChoice($0)).backend })
    guard let ruling else { throw ExitCode(ExitStatus.interrupted) }
    return ruling
  }
}
