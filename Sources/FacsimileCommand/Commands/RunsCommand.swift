import ArgumentParser
import Foundation
import Storage
import Training

/// `facsimile runs`
struct RunsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs",
    abstract: "Lists the runs in a folder: model, data, device, epochs, best loss, state.",
    discussion: """
      Examples:
        facsimile runs
        facsimile runs studies/mnist/runs --json
      """)

  @Argument(
    help: ArgumentHelp("The folder that holds run folders (default: runs).", valueName: "folder"),
    completion: .directory)
  var folder = "runs"

  @OptionGroup var output: OutputOptions

  private struct Row: Encodable {
    let run: String
    let model: String
    let data: String?
    let device: String?
    let epochCount: Int
    let bestEpoch: Int?
    let bestLoss: Double?
    let state: String
    /// Why its files cannot be read.
    let problem: String?

    init(_ name: String, in folder: URL) throws {
      let found = RunSummary(
        try RunFolder(reading: folder.appendingPathComponent(name, isDirectory: true)))
      run = name
      (model, data, device, state, problem) = (
        found.model, found.data, found.device, found.state.rawValue, found.problem
      )
      (epochCount, bestEpoch, bestLoss) = (found.epochCount, found.bestEpoch, found.bestLoss)
    }

    var cells: [String] {
      [
        run, model, data ?? "–", device ?? "–", "\(epochCount)", bestLoss.map(Format.loss) ?? "–",
        bestEpoch.map { "\($0)" } ?? "–", state,
      ]
    }
  }

  func run() throws {
    let url = URL(systemPath: folder, isDirectory: true)
    guard Files.isFolder(url) else { throw CommandFailure("\(folder) is not a folder") }
    let rows = try Files.names(in: url).sorted()
      .filter { Files.exists(url.appendingPathComponent("\($0)/config.yaml")) }
      .map { try Row($0, in: url) }
    if output.json { return try Console.json(rows) }
    guard !rows.isEmpty else { return Console.say("no runs in \(folder)") }
    let header = ["run", "model", "data", "device", "epochs", "best loss", "epoch", "state"]
    Console.say(Format.table([header] + rows.map(\.cells), right: [4, 5, 6]))
    for row in rows { if let problem = row.problem { Console.say("\(row.run): \(problem)") } }
  }
}
