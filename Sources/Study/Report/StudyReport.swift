import Datasets
import Foundation
import Models
import Numerics
import Pictures
import Storage
import Training

/// The report of a completed study. It is made only from the saved results of the steps, so an interrupted study
/// has the same report.
struct StudyReport {
  private let study: Study
  private let results: [String: StepResult]

  /// Reads the results of the steps.
  ///
  /// - Throws: `StudyError` if a file is damaged.
  init(_ study: Study) throws {
    self.study = study
    var results: [String: StepResult] = [:]
    for step in study.steps { results[step.name] = try study.folder.result(step.name) }
    self.results = results
  }

  /// Writes `report.html` atomically.
  ///
  /// - Throws: `FileError`, `PNGError`.
  func write() throws {
    try AtomicFile.write(try data(), to: study.folder.reportFile)
  }

  private var dataset: Dataset { study.dataset }

  private func data() throws -> Data {
    let explorer = try explorer()
    let claims = Claims(results, seeds: study.settings.seeds.count, dataset: dataset)
    return Page.data([
      "title": "Autoencoders on \(dataset.name)",
      "kind": .text(study.settings.isQuick ? "Quick study" : "Study"),
      "sentence": .text(sentence), "notes": .list(notes.map { ["text": .text($0)] }),
      "claims": .list([claims.table.values]), "highlights": .list(highlights),
      "sections": .list(sections(hasExplorer: explorer != nil)),
      "facts": .list(facts.map { ["name": .text($0.0), "value": .text($0.1)] }),
      "data": .list(try explorer.map { [["json": .text(try $0.json)]] } ?? []),
    ])
  }

  // MARK: - The first screen

  private var sentence: String {
    let shape = dataset.shape
    let kind = shape.channels == 1 ? "grey" : "colour"
    let held = Configuration(.convAutoencoder).validationCount(of: dataset.train.count)
    let classes = dataset.classCount > 0 ? " of \(dataset.classCount) classes" : ""
    let seeds = study.settings.seeds.count
    let times =
      seeds > 1 ? " The table shows the mean of \(seeds) seeds ± standard deviation." : ""
    return "Convolutional, denoising and variational autoencoders and classifiers, trained on "
      + "\(Numerals.count(dataset.train.count - held)) \(kind) images of \(shape.width) × \(shape.height) pixels\(classes) from "
      + "\(dataset.name), chosen on \(Numerals.count(held)) others, and judged on \(Numerals.count(dataset.test.count)) that no "
      + "training has seen.\(times)"
  }

  private var notes: [String] {
    let quick =
      study.settings.isQuick
      ? [
        "This is a quick study with few epochs and one seed. It shows that everything runs, not how good the models can be."
      ] : []
    return quick + study.omissions
  }

  /// Pictures of the first screen, each a link to its figure.
  private var highlights: [PageValues] {
    [
      ("reconstructions", "reconstructions", "strip", "Test images above their reconstructions"),
      // Its figure is replaced by the interactive map.
      ("latent-tsne", "latent", "square", "The codes of test images, by t-SNE"),
      ("latent-grid", "latent-grid", "square", "Images decoded over the VAE's latent plane"),
    ].compactMap { id, target, kind, title in
      guard let picture = figure(id)?.picture else { return nil }
      return [
        "kind": .text(kind), "target": .text(target), "title": .text(title),
        "picture": .list([picture.values]),
      ]
    }
  }

  private func figure(_ id: String) -> Figure? {
    results.values.lazy.flatMap(\.figures).first { $0.id == id }
  }

  // MARK: - Sections

  private func sections(hasExplorer: Bool) -> [PageValues] {
    StudySection.all.compactMap { section in
      let figures = section.steps.flatMap { results[$0]?.figures ?? [] }
      let explores = section.hasExplorer && hasExplorer
      guard !figures.isEmpty || explores else { return nil }
      return [
        "id": .text(section.id), "title": .text(section.title), "lead": .text(section.lead),
        "explorer": .list(explores ? [[:]] : []), "figures": .list(figures.map(\.values)),
      ]
    }
  }

  private var facts: [(String, String)] {
    let labels = dataset.train.labels == nil ? ", no labels" : ""
    let seeds = study.settings.seeds.map { "\($0)" }.joined(separator: ", ")
    return [
      (
        "data",
        "\(dataset.name): \(Numerals.count(dataset.train.count)) + \(Numerals.count(dataset.test.count)) images of "
          + "\(dataset.shape) (channels × height × width)\(labels)"
      ),
      ("SHA-256 of the data", dataset.sha256), ("seeds", seeds),
      ("compared with", Claims.comparison(dataset)),
      ("program", "Facsimile \(Version.number), numerics contract \(contractVersion)"), ("command", command),
    ]
  }

  private var command: String {
    let settings = study.settings
    return Command.line(
      ["facsimile", "study", "--data", dataset.name] + (settings.isQuick ? ["--quick"] : [])
        + (settings.isSearchFull ? ["--full-search"] : []) + ["--seed", "\(settings.seed)"])
  }

  // MARK: - The interactive map

  private func explorer() throws -> Explorer? {
    var maps: [(map: Placed, decoder: Int)] = []
    var decoders: [(name: String, weights: Weights, codes: Codes)] = []
    for run in ["autoencoder-1", "vae-\(Recipes.latents.map)", "conv-vae-\(Recipes.latents.map)"] {
      guard results["codes-\(run)"] != nil else { continue }
      let weights = try Weights(run: RunFolder(reading: study.folder.run(run)))
      guard Explorer.Decoder.weightCount(weights) <= Explorer.mostWeights else { continue }
      let codes = try Codes(study.folder.tensors("codes-\(run)"))
      let placed = try placed(run, codes)
      maps += placed.map { ($0, decoders.count) }
      if !placed.isEmpty { decoders.append((run, weights, codes)) }
    }
    guard !maps.isEmpty else { return nil }
    let count = decoders.map(\.codes.codes.count).min()!
    return try Explorer(
      dataset.test, count: count, className: dataset.shortName, classCount: dataset.classCount, maps: maps,
      decoders: decoders)
  }

  /// The maps of a run's codes.
  private func placed(_ run: String, _ codes: Codes) throws -> [Placed] {
    if let plane = codes.plane("\(run.hasPrefix("conv") ? "Convolutional VAE" : "VAE"), its own plane") {
      return [plane]
    }
    guard let latent = results["latent"] else { return [] }
    return try LatentMaps(study.folder.tensors("latent"), measures: latent.measures).placed
  }
}

extension Dataset {
  /// The name of a class, or its number: digits are their own names.
  func shortName(_ label: Int) -> String {
    guard let classNames, classNames.indices.contains(label) else { return "\(label)" }
    return classNames[label]
  }
}

/// A section of a study's report.
struct StudySection {
  let id: String
  let title: String
  let lead: String
  let steps: [String]
  var hasExplorer = false

  /// In the study's order.
  static let all = [
    StudySection(
      id: "training", title: "Training",
      lead:
        "Three convolutions encode an image into ten numbers, and a decoder restores it. Output and input are compared "
        + "pixel by pixel.",
      steps: ["loss-trend", "reconstructions", "first-epochs"]),
    StudySection(
      id: "search", title: "Search",
      lead:
        "Latent width, filters, hidden layer, dropout, learning rate and weight decay were chosen by search.",
      steps: ["search", "cross-validation"]),
    StudySection(
      id: "latent", title: "Latent space",
      lead:
        "The images as points in the latent space: the model considers nearby points similar.",
      steps: ["latent"], hasExplorer: true),
    StudySection(
      id: "samples", title: "New images",
      lead:
        "A decoder turns any code into an image. A plain autoencoder does not define which codes are likely; a "
        + "variational one is trained so that codes drawn from a normal distribution are.",
      steps: ["samples", "interpolation"]),
    StudySection(
      id: "noise", title: "Noise",
      lead: "The denoising autoencoder gets a noisy image, and its output is compared with the clean one.",
      steps: ["noise"]),
    StudySection(
      id: "classifier", title: "Classifier",
      lead:
        "The encoder trained without labels, with one linear layer on its code: first only the last two layers are "
        + "trained, then all of them; for comparison, the same model from scratch.",
      steps: ["confusion"]),
    StudySection(
      id: "variational", title: "Variational",
      lead:
        "The code becomes a distribution, so that every point of the latent space decodes to a plausible image.",
      steps: ["latent-grid"]),
  ]
}
