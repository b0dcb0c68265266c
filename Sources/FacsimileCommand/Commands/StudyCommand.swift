import ArgumentParser
import Foundation
import Storage
import Study
import Training

/// `facsimile study`
struct StudyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "study",
    abstract: "Runs the whole published study on a data set, and writes a report.",
    discussion: """
      Plain and denoising autoencoders, search and cross-validation, reconstructions, the latent space, samples, \
      classifiers and variational autoencoders. The result is DIR/report.html, a self-contained page; timings are in \
      DIR/report-timings.json.

      The same command resumes a study that was stopped or killed. Without labels, the classifiers are skipped.

      Examples:
        facsimile study --data mnist
        facsimile study --data fashion-mnist --out fashion --seed 3
        facsimile study --data my-pictures --quick
      """)

  @OptionGroup var data: DataOptions
  @OptionGroup var device: DeviceOptions

  @Option(
    help: ArgumentHelp("The folder of the study (default: studies/DATA).", valueName: "dir"),
    completion: .directory)
  var out: String?

  @Flag(help: "Use few epochs and one seed (under two minutes on two cores), to check that everything runs.")
  var quick = false

  @Flag(help: "Search the whole grid of the published study, 49,152 trials, instead of a sample of it.")
  var fullSearch = false

  @Option(help: "Random seed (default: 11); further seeds are derived from it.")
  var seed: UInt64?

  @OptionGroup var output: OutputOptions

  private struct Figures: Encodable {
    let study: String
    let dataset: String
    let device: String
    let report: String
    let reportSHA256: String
    let omissions: [String]
    let steps: [String: [String: Double]]
  }

  /// Names of steps and measures in snake case.
  private static func named(_ measures: [String: [String: Double]]) -> [String: [String: Double]] {
    func key(_ name: String) -> String { name.replacing("-", with: "_").replacing(" ", with: "_") }
    return Dictionary(
      uniqueKeysWithValues: measures.map { step, values in
        (key(step), Dictionary(uniqueKeysWithValues: values.map { (key($0), $1) }))
      })
  }

  func run() throws {
    if out == "" { throw UsageError("--out is empty: expected a folder for the study") }
    let dataset = try data.load()
    let backend = try device.open(isAside: output.json)
    var settings = StudySettings()
    (settings.isQuick, settings.isSearchFull) = (quick, fullSearch)
    if let seed { settings.seed = seed }
    let place = out ?? "studies/\(dataset.name)\(quick ? "-quick" : "")"
    let study = try Study(
      settings, dataset: dataset, folder: URL(systemPath: place, isDirectory: true), backend: backend,
      threads: device.threads.count())
    Console.tell(
      "study: \(dataset.title) · \(study.steps.count) steps · \(study.folder.url.path)", isAside: output.json)
    for omission in study.omissions { Console.tell("note: \(omission)", isAside: output.json) }
    let reporter = StudyReporter(isAside: output.json)
    let outcome = try study.run(stopSignal: StopSignal.onInterrupt()) { reporter.report($0) }
    reporter.finish()
    guard outcome == .finished else {
      Console.note("stopped; everything done is kept, and the same command resumes it")
      throw ExitCode(ExitStatus.interrupted)
    }
    let summary = try study.summary()
    guard output.json else {
      Console.say("report: \(study.folder.reportFile.path) (SHA-256 \(summary.reportSHA256))")
      return
    }
    try Console.json(
      Figures(
        study: study.folder.url.path, dataset: dataset.name, device: backend.device.identifier,
        report: study.folder.reportFile.path, reportSHA256: summary.reportSHA256, omissions: study.omissions,
        steps: Self.named(summary.measures)))
  }
}
