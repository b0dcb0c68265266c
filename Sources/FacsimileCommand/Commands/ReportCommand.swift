import ArgumentParser
import Foundation
import Provenance
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
      hashes. An unfinished run is shown as it is. A signed run is shown with its signature, and with --trusted with what \
      'facsimile verify --trusted' says about it.

      Examples:
        facsimile report runs/conv-autoencoder-1
        facsimile report runs/vae-1 --data fashion-mnist
        facsimile report runs/vae-1 --trusted my.key.pub
      """)

  @Argument(help: ArgumentHelp("The run folder.", valueName: "run"), completion: .directory)
  var path: String

  @Option(
    help: ArgumentHelp("The public key of the signer, an Ed25519 key in PEM.", valueName: "file"),
    completion: .file())
  var trusted: String?

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
    let report = try RunReport(
      folder, dataset: dataset, backend: backend, threads: device.threads.count(),
      signature: signature(of: folder))
    let file = try report.write()
    guard output.json else { return Console.say("report: \(file.path)") }
    try Console.json(
      Figures(
        run: folder.url.path, report: file.path,
        reportSHA256: Fingerprint.hex(of: try readFile(file, upTo: 1 << 30))))
  }

  /// What is known of the run's signature; nil if it has none and no key is given.
  private func signature(of folder: RunFolder) throws -> String? {
    let receipt = Receipt(folder)
    guard let trusted else {
      return receipt.exists
        ? "\(folder.receiptFile.lastPathComponent), not checked: 'facsimile report RUN --trusted KEY.pub' checks it"
        : nil
    }
    let checked = try receipt.verify(PublicKey(contentsOf: URL(systemPath: trusted)))
    if checked.verdict != .signed { Console.warn(checked.reason) }
    return "\(checked.verdict.rawValue): \(checked.reason)"
  }
}
