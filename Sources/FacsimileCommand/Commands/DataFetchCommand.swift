import ArgumentParser
import Datasets
import Foundation
import Numerics
import Storage

/// `facsimile data fetch`
struct DataFetchCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "fetch", abstract: "Downloads a data set and checks its hashes.",
    discussion: """
      Downloads the published files from public mirrors into the user's cache folder, where --data NAME finds them. Each file \
      is checked against its known SHA-256, and gets its name only then. After a lost connection the same command goes on \
      from what was received (NAME.part). A proxy is taken from $http_proxy and $https_proxy.

      Examples:
        facsimile data fetch mnist
        facsimile data fetch cifar-10 --mirror https://mirror.example.org/cifar
      """)

  @Argument(
    help: ArgumentHelp("The data set: \(DataOptions.names).", valueName: "name"),
    completion: .list(KnownDataset.allCases.map(\.rawValue)))
  var name: String

  @Option(
    help: ArgumentHelp(
      "A folder of the published files, http: or https:, in place of the public mirrors; may be repeated, and is then tried in "
        + "this order.", valueName: "url"))
  var mirror: [String] = []

  @Option(
    help: ArgumentHelp(
      "Give a server up that does not answer, or sends less than 1,000 bytes a second, for this long.",
      valueName: "seconds"))
  var timeout = 30

  @Flag(help: "Download it even if it is there already, from the beginning.")
  var force = false

  @OptionGroup var output: OutputOptions

  private struct Figures: Encodable {
    let name: String
    let folder: String
    let isVerified: Bool
    let trainImages: Int
    let testImages: Int
    let bytesReceived: Int
  }

  func run() throws {
    try require("--timeout", timeout, in: 1...3600)
    let known = try dataset()
    let mirrors = try mirror.map(Self.checked)
    var catalog = DatasetCatalog()
    catalog.takesUnverified = true
    if !force, let there = try catalog.verifiedIfAny(known) { return try report(there, received: 0) }
    var plan = known.fetchPlan
    if !mirrors.isEmpty { plan.mirrors = mirrors }
    var fetcher = Fetcher(plan, into: catalog.cacheFolder(of: known))
    fetcher.isForced = force
    fetcher.patience = timeout
    let reporter = FetchReporter(isAside: output.json)
    fetcher.listener = reporter.report
    defer { reporter.finish() }
    try fetcher.fetch()
    reporter.finish()
    try report(catalog.load(known.rawValue), received: reporter.received)
  }

  private func dataset() throws -> KnownDataset {
    if let known = KnownDataset(rawValue: name) { return known }
    guard name.lowercased() != "emnist" else {
      throw UsageError(
        "emnist is six data sets in one archive: name one of them, such as emnist-letters (they share the download)"
      )
    }
    throw UsageError(
      "no data set '\(name)'\(didYouMean(name, among: KnownDataset.allCases.map(\.rawValue))) that can be downloaded: expected "
        + "one of \(DataOptions.names)")
  }

  private static func checked(_ mirror: String) throws -> String {
    let isAddress = ["http://", "https://"].contains { mirror.hasPrefix($0) && mirror.count > $0.count }
    guard isAddress, mirror.utf8.allSatisfy({ 0x21...0x7E ~= $0 }) else {
      throw UsageError("--mirror is '\(mirror)': expected an address such as https://example.org/mnist")
    }
    return String(mirror.reversed().drop { $0 == "/" }.reversed())
  }

  private func report(_ dataset: Dataset, received: Int) throws {
    let folder = dataset.source?.path ?? ""
    if output.json {
      return try Console.json(
        Figures(
          name: name, folder: folder, isVerified: dataset.isVerified, trainImages: dataset.train.count,
          testImages: dataset.test.count, bytesReceived: received))
    }
    let images = "\(Format.count(dataset.train.count)) + \(counted(dataset.test.count, "image"))"
    Console.say(
      "\(name)\(received == 0 ? " is there already" : ""): \(images) in \(folder)\(dataset.isVerified ? ", verified" : "")"
    )
  }
}
