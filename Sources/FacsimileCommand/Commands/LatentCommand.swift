import Analysis
import ArgumentParser
import Datasets
import Foundation
import Numerics
import Storage
import Training

/// `facsimile latent`
struct LatentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "latent",
    abstract: "Draws the latent codes of images as a 2D map, coloured by class.",
    discussion: """
      The extension of --out selects the output: a picture (.png, .svg), a table (.csv: index, label, x, y, and the share \
      of a point's ten nearest codes that are also nearest on the map), a page (.html), or, without an extension, a \
      folder for TensorBoard's embedding projector. Points that keep fewer than a fifth of their neighbours are faint.

      Examples:
        facsimile latent runs/conv-autoencoder-1 --method tsne --out map.png
        facsimile latent runs/vae-1 --method pca --split train --count all --out map.svg
        facsimile latent runs/conv-autoencoder-1 --method tsne --perplexity 50 --out projector --json
      """)

  /// The projections.
  enum Method: String, CaseIterable, ExpressibleByArgument {
    case pca, tsne
  }

  @OptionGroup var trained: RunOptions
  @OptionGroup var data: DataOptions
  @OptionGroup var device: DeviceOptions

  @Option(help: "Projection: \(Method.allCases.map(\.rawValue).joined(separator: ", ")).")
  var method: Method

  @Option(help: "The images: \(Split.allCases.map(\.rawValue).joined(separator: ", ")).")
  var split = Split.test

  @Option(help: ArgumentHelp("Number of images from the start of the split, or all.", valueName: "number"))
  var count = "all"

  @Option(help: "t-SNE: effective number of neighbours per point; at most a third of the other points.")
  var perplexity = 30.0

  @Option(help: "t-SNE: random seed of the jitter that separates equal codes.")
  var seed: UInt64 = 0

  @Option(
    help: ArgumentHelp("The .png, .svg, .csv or .html file to write, or a folder.", valueName: "file"),
    completion: .file(extensions: ["png", "svg", "csv", "html"]))
  var out: String

  @OptionGroup var output: OutputOptions

  private struct Figures: Encodable {
    let run: String
    let model: String
    let epoch: Int
    let dataset: String
    let split: String
    let method: String
    let images: Int
    let latent: Int
    /// t-SNE only.
    let perplexity: Double?
    let seed: UInt64?
    let iterations: Int?
    let klDivergence: Double?
    /// PCA only: shares of the variance along each component.
    let explained: [Double]?
    let neighbours: Int
    let trustworthiness: Double
    let neighbourRecall: Double
    let rankCorrelation: Double
    /// Points that keep fewer than a fifth of their nearest codes.
    let faint: Int
    let out: String
  }

  func run() throws {
    let kind = try LatentMap.FileKind(out)
    try kind.requirePlace(out)
    let limit = try limit()
    guard perplexity >= 1, perplexity.isFinite else {
      throw UsageError("--perplexity is \(perplexity): expected a number of at least 1")
    }
    let folder = try trained.folder()
    let weights = try Weights(run: folder, trained.weights)
    let dataset = try data.load(of: folder)
    let (all, chosen) = try dataset.images(of: split, weights.configuration)
    let indices = (chosen ?? Array(0..<UInt32(all.count))).prefix(limit).map(Int.init)
    // The quality measures need at least 4 points.
    guard indices.count >= 4 else {
      throw UsageError("\(method.rawValue) needs at least 4 images, and there are \(indices.count)")
    }
    let largest = TSNE.largestPerplexity(points: indices.count)
    guard method == .pca || perplexity <= largest else {
      throw UsageError(
        "--perplexity is \(perplexity): \(counted(indices.count, "image")) allow at most \(largest.rounded(.down)), a "
          + "third of the other images")
    }
    let backend = try device.open(isAside: output.json)
    let codes = try Evaluator(weights, images: all, backend: backend, mode: .mean)
      .codes(indices.map(UInt32.init))
    let points = Matrix(rows: codes.count, columns: codes[0].count, values: codes.flatMap { $0 })
    let threads = try device.threads.count()
    let map = try make(points, indices, all, dataset, threads: threads)
    try map.write(to: URL(systemPath: out), as: kind)
    let quality = map.quality
    let figures = Figures(
      run: folder.url.path, model: weights.configuration.model.rawValue, epoch: weights.epoch,
      dataset: dataset.name, split: split.rawValue, method: method.rawValue, images: points.rows,
      latent: points.columns, perplexity: method == .tsne ? perplexity : nil,
      seed: method == .tsne ? seed : nil, iterations: map.embedding?.iterations,
      klDivergence: map.embedding?.divergence, explained: map.explained, neighbours: quality.neighbours,
      trustworthiness: quality.trustworthiness, neighbourRecall: quality.recall,
      rankCorrelation: quality.rankCorrelation, faint: quality.isFaint.count { $0 }, out: out)
    if output.json { return try Console.json(figures) }
    say(figures, map)
  }

  private func limit() throws -> Int {
    if count == "all" { return .max }
    guard let limit = Int(count), limit >= 1 else {
      throw UsageError("--count is '\(count)': expected a whole number of at least 1, or all")
    }
    return limit
  }

  private func make(
    _ points: Matrix, _ indices: [Int], _ images: ImageSet, _ dataset: Dataset, threads: Int
  ) throws -> LatentMap {
    let picked = LatentMap.Images(images, indices, dataset)
    guard method == .tsne else {
      let pca = try PCA(points, threads: threads)
      return try LatentMap(
        of: points, places: pca.project(points, onto: 2), picked, explained: pca.explained, threads: threads)
    }
    var tsne = TSNE()
    tsne.perplexity = perplexity
    tsne.seed = seed
    tsne.threads = threads
    let status = StatusLine(isAside: output.json)
    let embedding = try tsne.embed(points) { done, total in
      if done % 10 == 0 { status.show("t-SNE: iteration \(done) of \(total)") }
    }
    status.clear()
    return try LatentMap(of: points, places: embedding.points, picked, embedding: embedding, threads: threads)
  }

  private func say(_ figures: Figures, _ map: LatentMap) {
    func share(_ value: Double) -> String { Format.fixed(value, 4) }
    Console.say(
      "\(method == .pca ? "PCA" : "t-SNE") of \(counted(figures.images, "code")) of \(counted(figures.latent, "number")), "
        + "\(split.rawValue) images of \(figures.dataset)")
    if let divergence = figures.klDivergence { Console.say("KL divergence \(share(divergence))") }
    if let explained = figures.explained {
      Console.say(
        "variance along the two components: \(explained.prefix(2).map(share).joined(separator: ", "))")
    }
    Console.say(
      "trustworthiness \(share(figures.trustworthiness)) · of \(figures.neighbours) nearest kept "
        + "\(share(figures.neighbourRecall)) · correlation of distance ranks \(share(figures.rankCorrelation)) · "
        + "\(counted(figures.faint, "faint point")) (fewer than a fifth of their nearest kept)")
    Console.say("map: \(out)")
  }
}
