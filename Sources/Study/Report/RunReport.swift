import Datasets
import Foundation
import Models
import Numerics
import Pictures
import Programs
import Storage
import Training

/// The report of one run: metrics, losses, reconstructions, map of codes, filters and provenance.
package struct RunReport {
  private let folder: RunFolder
  private let manifest: Manifest
  private let weights: Weights?
  private let dataset: Dataset
  private let backend: any Backend
  private let threads: Int
  private let signature: String?

  /// Maximum number of test images on the map.
  private static let mapImages = 10_000

  /// Reads a run.
  ///
  /// - Parameters:
  ///   - folder: the run, finished or not.
  ///   - dataset: what it was trained on.
  ///   - backend: the device that evaluates.
  ///   - threads: number of threads; does not affect the result.
  ///   - signature: what is known of the run's signature; nil: nothing.
  /// - Throws: `TrainingError`, `SafeTensorsError`, `FileError` if files are missing or damaged.
  package init(
    _ folder: RunFolder, dataset: Dataset, backend: any Backend, threads: Int, signature: String? = nil
  ) throws {
    (self.folder, self.dataset, self.backend, self.threads) = (folder, dataset, backend, threads)
    self.signature = signature
    manifest = try folder.manifest()
    // Before the end of the first epoch there is nothing to evaluate.
    weights = manifest.epochs.isEmpty ? nil : try Weights(run: folder)
  }

  /// Writes `RUN/report.html` atomically.
  ///
  /// - Returns: the file.
  /// - Throws: `FileError`, `AnalysisError`, or the backend's error.
  package func write() throws -> URL {
    let file = folder.url.appendingPathComponent("report.html")
    try AtomicFile.write(try data(), to: file)
    return file
  }

  private var configuration: Models.Configuration { manifest.configuration }

  private var source: Source {
    let last = manifest.epochs.last
    return Source(
      command: Command.train(
        configuration, data: dataset.name, from: configuration.initialWeights == nil ? nil : "WEIGHTS"),
      seed: configuration.seed, what: "state after epoch \(last?.epoch ?? 0)",
      hash: last?.stateSHA256 ?? manifest.initialSHA256)
  }

  /// Whether images can be evaluated: a classifier needs labels.
  private var judges: Bool { !configuration.classifies || dataset.test.labels != nil }

  private func data() throws -> Data {
    var evaluation: Evaluation?
    var training: [Figure] = []
    var classes: [Figure] = []
    var explorer: Explorer?
    if let weights, judges {
      let found = try Evaluator(weights, images: dataset.test, backend: backend).evaluate()
      evaluation = found
      classes = Figure.confusion(
        found, names: (0..<dataset.classCount).map(dataset.shortName), source: source)
    }
    if !manifest.epochs.isEmpty {
      training.append(Figure.lossTrend(manifest, test: evaluation?.metrics["loss"], source: source))
    }
    var latent: [Figure] = []
    if let weights, !configuration.classifies {
      training.append(
        try Figure.reconstructions(weights, images: dataset.test, backend: backend, source: source))
      if let figure = try Figure.firstEpochs(
        folder, manifest, shape: dataset.shape, source: source)
      {
        training.append(figure)
      }
      (explorer, latent) = try maps(weights)
    }
    if let weights, let filters = Figure.filters(weights, source: source) { training.append(filters) }
    let sections = [
      section(
        "training", "Training", "Losses during training, and reconstructions of unseen images.",
        training),
      section("classes", "Classes", "Which classes are recognised, and which are confused.", classes),
      section(
        "latent", "Latent space",
        "The test images in the latent space, \(configuration.latent) numbers each.",
        latent,
        explores: explorer != nil),
    ].compactMap { $0 }
    let strip = training.first { $0.id == "reconstructions" }
    let map = latent.first
    return Page.data([
      "title": .text("\(configuration.model.rawValue) on \(dataset.name)"), "kind": "Run",
      "sentence": .text(sentence),
      "notes": .list(notes.map { ["text": .text($0)] }),
      "claims": .list([figures(evaluation).values]),
      "highlights": .list(
        [
          (strip, "reconstructions", "strip", "Test images above their reconstructions"),
          (map, "latent", "square", "The codes of test images"),
        ]
        .compactMap { figure, target, kind, title in
          guard let picture = figure?.picture else { return nil }
          return [
            "kind": .text(kind), "target": .text(target), "title": .text(title),
            "picture": .list([picture.values]),
          ]
        }),
      "sections": .list(sections), "facts": .list(facts.map { ["name": .text($0.0), "value": .text($0.1)] }),
      "data": .list(try explorer.map { [["json": .text(try $0.json)]] } ?? []),
    ])
  }

  private func section(
    _ id: String, _ title: String, _ lead: String, _ figures: [Figure], explores: Bool = false
  ) -> PageValues? {
    guard !figures.isEmpty || explores else { return nil }
    return [
      "id": .text(id), "title": .text(title), "lead": .text(lead), "explorer": .list(explores ? [[:]] : []),
      "figures": .list(figures.map(\.values)),
    ]
  }

  // MARK: - Words and figures

  private var sentence: String {
    let shape = dataset.shape
    return
      "\(configuration.model.definition.summary.prefix(1).uppercased())\(configuration.model.definition.summary.dropFirst()): "
      + "\(counted(manifest.dataset.trainImages, "image")) of \(shape.width) × \(shape.height) pixels from \(dataset.name) "
      + "for training, \(Numerals.count(manifest.dataset.validationImages)) for choosing the best of \(counted(manifest.epochs.count, "epoch")), and "
      + "\(Numerals.count(dataset.test.count)) test images for evaluation."
  }

  private var notes: [String] {
    let total = configuration.totalEpochs
    switch manifest.state {
    case .finished: return []
    case .stoppedEarly:
      return ["It was stopped early: no better loss since epoch \(manifest.bestEpoch) of \(total)."]
    case .failed: return ["It failed: \(manifest.failure ?? "no reason given")"]
    case .running, .interrupted:
      return [
        "It is not finished: \(manifest.epochs.count) of \(counted(total, "epoch")) are done."
      ]
    }
  }

  private func figures(_ evaluation: Evaluation?) -> Table {
    let best = manifest.epochs.first { $0.epoch == manifest.bestEpoch }
    func text(_ name: String, _ value: Double?) -> String {
      value.map { name == "accuracy" ? Numerals.percent($0) : Numerals.significant($0, 4) } ?? "–"
    }
    let names = Set((evaluation?.metrics ?? [:]).keys).union((best?.trainMetrics ?? [:]).keys).sorted {
      ($0 == "loss" ? "" : $0) < ($1 == "loss" ? "" : $1)
    }
    let rows = names.map { name in
      [
        name, text(name, best?.trainMetrics[name]), text(name, best?.validationMetrics[name]),
        text(name, evaluation?.metrics[name]),
      ]
    }
    return Table(
      "Figures of the best epoch", heads: ["of epoch \(manifest.bestEpoch)", "train", "validation", "test"],
      numbers: [1, 2, 3], rows: rows)
  }

  private var facts: [(String, String)] {
    let defaults = Configuration(configuration.model).texts
    let settings = configuration.pairs.filter { defaults[$0.key] != $0.value }.map { "\($0.key)=\($0.value)" }
    return [
      ("data", "\(dataset.name), \(dataset.shape) (channels × height × width)"),
      ("SHA-256 of the data", dataset.sha256),
      ("seed", "\(configuration.seed)"), ("settings", settings.joined(separator: " ")),
      ("initial parameters", manifest.initialSHA256), (source.what, source.hash), ("command", source.command),
      ("program", "Facsimile \(manifest.version), numerics contract \(manifest.numericsContract)"),
    ] + (signature.map { [("signature", $0)] } ?? [])
  }

  // MARK: - The map

  private func maps(_ weights: Weights) throws -> (Explorer?, [Figure]) {
    let images = try dataset.test.prefix(Self.mapImages)
    let codes = try Codes(weights, images: images, backend: backend)
    guard images.count >= LatentMaps.fewestImages, codes.codes[0].count >= 2 else { return (nil, []) }
    let maps = try LatentMaps(codes, seed: configuration.seed, threads: threads, stop: {})
    let labels = images.labels.map { $0.map(Int.init) }
    let figures = maps.figures(
      labels: labels, names: (0..<dataset.classCount).map(dataset.shortName), source: source)
    guard Explorer.Decoder.weightCount(weights) <= Explorer.mostWeights else { return (nil, figures) }
    var placed = maps.placed
    if let plane = codes.plane("The code's own plane") { placed.insert(plane, at: 0) }
    let explorer = try Explorer(
      images, count: images.count, className: dataset.shortName, classCount: dataset.classCount,
      maps: placed.map { ($0, 0) }, decoders: [(configuration.model.rawValue, weights, codes)])
    return (explorer, figures)
  }
}
