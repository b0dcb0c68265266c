import ArgumentParser
import Datasets
import Foundation
import Generation
import Models
import Numerics
import Pictures
import Programs
import Storage
import Training

/// `facsimile generate`
struct GenerateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "generate",
    abstract: "Generates new images with a trained model, and scores them.",
    discussion: """
      Samplers of latent codes: prior (standard normal) and two-stage (a mixture fitted to the posteriors of the training \
      images), both for vae and conv-vae; gaussian and mixture (fitted to the codes of the training images) and uniform \
      (over their bounding box), for every autoencoder. Default: prior for variational autoencoders, else gaussian.

      --score compares 10,000 samples with the test images in the feature space of a classifier: Fréchet distance (lower \
      is better), precision (share of samples close to test images), recall (share of test images close to samples) and \
      balance of classes. The classifier is trained once per data set, always with the same bits, and stored in the \
      user's cache folder.

      Examples:
        facsimile generate runs/vae-1 --out samples.png
        facsimile generate runs/conv-autoencoder-1 --out samples.png --sampler mixture --score
        facsimile generate runs/vae-1 --out plane.png --grid
        facsimile generate runs/conv-vae-1 --out between.png --interpolate 3 8 --count 12
      """)

  @OptionGroup var trained: RunOptions
  @OptionGroup var data: DataOptions
  @OptionGroup var device: DeviceOptions

  @Option(
    help: ArgumentHelp("The .png file to write.", valueName: "file"),
    completion: .file(extensions: ["png"]))
  var out: String

  @Option(
    help:
      "Number of images (default: 100); with --grid images per side (20), with --interpolate steps (10)."
  )
  var count: Int?

  @Option(
    help: ArgumentHelp(
      "Sampler of latent codes: \(Sampler.allCases.map(\.rawValue).joined(separator: ", ")).",
      valueName: "sampler"))
  var sampler: Sampler?

  @Option(
    help: "Components of the mixture and two-stage samplers (default: chosen by BIC on held-out codes).")
  var components: Int?

  @Flag(
    help:
      "Decode a grid over the latent plane of a variational autoencoder with latent=2, in steps of equal probability."
  )
  var grid = false

  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "Interpolate between two test images in latent space: two indices, from 0.",
      valueName: "image"))
  var interpolate: [Int] = []

  @Flag(help: "Also score 10,000 samples.")
  var score = false

  @Option(help: "Random seed.")
  var seed: UInt64 = 0

  @OptionGroup var output: OutputOptions

  private struct Figures: Encodable {
    let run: String
    let model: String
    let epoch: Int
    let dataset: String
    let device: String
    let sampler: String?
    let components: Int?
    let seed: UInt64?
    let out: String
    let outSHA256: String
    let images: Int
    let score: SampleScore?
    let classifier: ClassifierFigures?
  }

  private struct ClassifierFigures: Encodable {
    let sha256: String
    /// Whether it is the known hash for these data.
    let isPinned: Bool
    /// On the test images.
    let accuracy: Double?
  }

  func run() throws {
    try checkOptions()
    let folder = try trained.folder()
    let weights = try Weights(run: folder, trained.weights)
    let kind = sampler ?? Sampler(for: weights.configuration)
    try checkModel(weights.configuration, kind)
    let dataset = try data.load(of: folder)
    if let wrong = interpolate.first(where: { $0 >= dataset.test.count }) {
      throw UsageError(
        "--interpolate names test image \(wrong): \(dataset.name) has \(dataset.test.count), numbered from 0")
    }
    let backend = try device.open(isAside: output.json)
    let decoder = try Decoder(weights, backend: backend)
    let picture: Picture
    var codes: CodeSampler?
    if grid {
      picture = try plane(weights, decoder, dataset.shape)
    } else if !interpolate.isEmpty {
      picture = try path(weights, decoder, dataset, backend)
    } else {
      let sampler = try codeSampler(kind, weights, dataset, backend)
      codes = sampler
      let images = try decoder.images(sampler.codes(images, seed: seed), shape: dataset.shape)
      picture = Self.sheet(images.pictures)
    }
    let file = try picture.pngData()
    try AtomicFile.write(file, to: URL(systemPath: out))
    let judge = score ? try judge(dataset, backend) : nil
    let score = try judge.map {
      try $0.score(decoder.images(codes!.codes(SampleJudge.sampleCount, seed: seed), shape: dataset.shape))
    }
    let figures = Figures(
      run: folder.url.path, model: weights.configuration.model.rawValue, epoch: weights.epoch,
      dataset: dataset.name, device: backend.device.identifier, sampler: codes?.kind.rawValue,
      components: codes?.components, seed: codes.map { _ in seed }, out: out,
      outSHA256: Fingerprint.hex(of: file), images: images, score: score,
      classifier: judge.map {
        ClassifierFigures(
          sha256: $0.classifier.sha256, isPinned: $0.classifier.isPinned, accuracy: $0.accuracy)
      })
    if output.json { return try Console.json(figures) }
    show(figures, dataset)
  }

  // MARK: - Options

  private var images: Int { grid ? side * side : count ?? (interpolate.isEmpty ? 100 : 10) }
  private var side: Int { count ?? 20 }

  private func checkOptions() throws {
    guard out.lowercased().hasSuffix(".png") else {
      throw UsageError("--out is '\(out)': expected a .png file")
    }
    try OutputFile.requirePlace(out)
    guard interpolate.isEmpty || interpolate.count == 2, interpolate.allSatisfy({ $0 >= 0 }) else {
      let given = interpolate.map(String.init).joined(separator: " ")
      throw UsageError("--interpolate is '\(given)': expected two test images, numbered from 0, such as 3 8")
    }
    guard !grid || interpolate.isEmpty else { throw UsageError("give --grid or --interpolate, not both") }
    let isPath = grid || !interpolate.isEmpty
    let others: [(name: String, isGiven: Bool)] = [
      ("--sampler", sampler != nil), ("--components", components != nil), ("--score", score),
    ]
    if isPath, let first = others.first(where: \.isGiven) {
      throw UsageError(
        "\(first.name) applies to samples, and \(grid ? "--grid" : "--interpolate") draws none: leave one of them out"
      )
    }
    try require("--count", count, in: grid ? 2...100 : interpolate.isEmpty ? 1...10_000 : 2...100)
    try require("--components", components, in: 1...256)
  }

  /// Throws: `UsageError` if the model does not support the request.
  private func checkModel(_ configuration: Configuration, _ kind: Sampler) throws {
    do {
      if grid {
        _ = try LatentPaths.grid(side: 2, configuration)
      } else {
        try (interpolate.isEmpty ? kind : .uniform).require(configuration)
      }
    } catch let error as TrainingError where error.kind == .model {
      throw UsageError("\(trained.run): \(error)")
    }
    guard components == nil || kind.isMixture else {
      throw UsageError("--components is for mixture and two-stage, and the sampler is \(kind.rawValue)")
    }
  }

  // MARK: - Pictures

  private func codeSampler(
    _ kind: Sampler, _ weights: Weights, _ dataset: Dataset, _ backend: any Backend
  ) throws -> CodeSampler {
    guard kind.isFitted else { return try CodeSampler(prior: weights.configuration) }
    return try CodeSampler(
      kind, fittedTo: LatentCodes(weights, dataset, backend: backend), components: components,
      threads: device.threads.count())
  }

  private func plane(_ weights: Weights, _ decoder: Decoder, _ shape: ImageShape) throws -> Picture {
    let codes = try LatentPaths.grid(side: side, weights.configuration)
    let tiles = try decoder.images(codes, shape: shape).pictures
    return ImageGrid().picture(rows: Self.rows(tiles, columns: side))
  }

  private func path(
    _ weights: Weights, _ decoder: Decoder, _ dataset: Dataset, _ backend: any Backend
  ) throws -> Picture {
    let ends = interpolate.map { dataset.test.image($0) }
    let pair = try ImageSet(pixels: ends.flatMap { $0 }, shape: dataset.shape)
    let codes = try Evaluator(weights, images: pair, backend: backend, mode: .mean, noise: 0).codes()
    let line = LatentPaths.line(from: codes[0], to: codes[1], steps: images)
    let between = try decoder.images(line, shape: dataset.shape).pictures
    return ImageGrid().picture(rows: [[pair.pictures[0]] + between + [pair.pictures[1]]])
  }

  /// Ten columns, more if that would be higher than wide.
  private static func sheet(_ tiles: [Picture]) -> Picture {
    var columns = min(10, tiles.count)
    while columns * columns < tiles.count { columns += 1 }
    return ImageGrid().picture(rows: rows(tiles, columns: columns))
  }

  private static func rows(_ tiles: [Picture], columns: Int) -> [[Picture]] {
    stride(from: 0, to: tiles.count, by: columns).map { Array(tiles[$0..<min($0 + columns, tiles.count)]) }
  }

  // MARK: - Figures

  private func judge(_ dataset: Dataset, _ backend: any Backend) throws -> SampleJudge {
    let status = StatusLine(isAside: output.json)
    defer { status.clear() }
    let epochs = FeatureClassifier.configuration.epochs
    let classifier = try FeatureClassifier(
      for: dataset, backend: backend,
      keptIn: DatasetCatalog().userCache.appendingPathComponent("classifiers", isDirectory: true)
    ) { event in
      guard case .progress(let progress) = event else { return }
      let left = Format.time(progress.remainingSeconds)
      status.show(
        "training the classifier for \(dataset.name): epoch \(progress.epoch)/\(epochs) · \(left) left")
    }
    return try SampleJudge(classifier, dataset: dataset, backend: backend, threads: device.threads.count())
  }

  private func show(_ figures: Figures, _ dataset: Dataset) {
    let size = figures.components.map { " of \($0) components" } ?? ""
    let what =
      grid
      ? "\(side) × \(side) images over the latent plane"
      : interpolate.isEmpty
        ? "\(counted(images, "image")), sampler \(figures.sampler ?? "")\(size), seed \(seed)"
        : "\(images) steps between the test images \(interpolate[0]) and \(interpolate[1])"
    Console.say("picture: \(out) (\(what)) · SHA-256 \(figures.outSHA256)")
    guard let score = figures.score, let classifier = figures.classifier else { return }
    let accuracy = classifier.accuracy.map { ", \(Format.metric("accuracy", $0)) of test images right" } ?? ""
    let pin = classifier.isPinned ? "" : " (no hash is known for these data)"
    Console.say(
      "\(Format.count(score.samples)) samples beside \(counted(score.realImages, "test image")) of \(dataset.name), in the "
        + "features of the classifier \(classifier.sha256)\(pin)\(accuracy)")
    Console.say(
      "Fréchet distance \(Format.loss(score.frechetDistance)) · precision \(Format.fixed(score.precision, 4)) · recall "
        + "\(Format.fixed(score.recall, 4)) · balance of classes \(Format.fixed(score.classBalance, 4))")
    let shares = score.classShares.enumerated().map {
      "\(dataset.className($0)) \(Format.fixed(100 * $1, 1)) %"
    }
    Console.say("samples by class: \(shares.joined(separator: " · "))")
  }
}

extension Sampler: ExpressibleByArgument {}
