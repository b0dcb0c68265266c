import ArgumentParser
import Foundation
import Storage
import Study
import Training

/// `facsimile report`
struct ReportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "report",
    abstract: "Writes an HTML report about a run: RUN/report.html.",
    discussion: """
      The report is one self-contained file: metrics, losses, reconstructions, an interactive map of codes, filters and \
      hashes. An unfinished run is shown as it is.

      Examples:
        facsimile report runs/conv-autoencoder-1
        facsimile report runs/vae-1 --data fashion-mnist
      """)

  @Argument(help: ArgumentHelp("The run folder.", valueName: "run"), completion: .directory)
  var path: String

  @OptionGroup var data: DataOptions
  @OptionGroup var device: DeviceOptions
  @OptionGroup var output: OutputOptions

  private struct Figures: Encodable {
    let run: String
    let report: String
    let reportSHA256: String
  }

  func run() throws {
    let folder = try RunFolder(reading: URL(systemPath: path, isDirectory: true))
    let dataset = try data.load(of: folder)
    let backend = try device.open(isAside: output.json)
    let report = try RunReport(folder, dataset: dataset, backend: backend, threads: device.threads.count())
    let file = try report.write()
    guard output.json else { return Console.say("report: \(file.path)") }
    try Console.json(
      Figures(
        run: folder.url.path, report: file.path,
        reportSHA256: Fingerprint.hex(of: try readFile(file, upTo: 1 << 30))))
  }
}
