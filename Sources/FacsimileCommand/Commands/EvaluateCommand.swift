import ArgumentParser
import Datasets
import Foundation
import Models
import Numerics
import Pictures
import Storage
import Training
import Views

extension Binarisation: ExpressibleByArgument {}

/// `facsimile evaluate`
struct EvaluateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "evaluate",
    abstract: "Prints losses and metrics of a trained model.",
    discussion: """
      Examples:
        facsimile evaluate runs/conv-autoencoder-1
        facsimile evaluate runs/vae-1 --split validation --device cpu --json
        facsimile evaluate runs/classifier-1 --weights last
        facsimile evaluate runs/vae-1 --samples 5000 --count 1000 --binarise fixed
        facsimile evaluate runs/denoising-autoencoder-1 --noise 0.4
        facsimile evaluate runs/classifier-1 --confusion confusion.svg --curves losses.svg
        mpirun -n 4 facsimile evaluate runs/vae-1 --samples 5000 --distributed mpi
      """)

  @OptionGroup var trained: RunOptions
  @OptionGroup var data: DataOptions
  @OptionGroup var device: DeviceOptions

  @Option(help: "The images: \(Split.allCases.map(\.rawValue).joined(separator: ", ")).")
  var split = Split.test

  @Option(
    help: ArgumentHelp("Number of images, from the start of the split (default: all).", valueName: "number"))
  var count: Int?

  @Option(
    help: ArgumentHelp(
      "Also estimate a variational autoencoder's importance-weighted log-likelihood, with this many samples per image.",
      valueName: "number"))
  var samples: Int?

  @Option(
    help: ArgumentHelp(
      "Use gray values (none), or bits sampled once with them as probabilities (fixed) (default: as in training).",
      valueName: "none|fixed"))
  var binarise: Binarisation?

  @Option(
    help: ArgumentHelp(
      "Standard deviation of noise added to the images (default: as in training); errors are measured against the "
        + "clean image.", valueName: "number"))
  var noise: Double?

  @Option(
    help: ArgumentHelp(
      "Also write outputs, latent codes, labels and indices of the images as safetensors (without noise; a posterior's "
        + "mean is decoded).", valueName: "file"))
  var outputs: String?

  @Option(
    help: ArgumentHelp(
      "Also draw a classifier's confusion matrix, as .png or .svg.", valueName: "file"))
  var confusion: String?

  @Option(
    help: ArgumentHelp("Also draw the losses of the run's epochs, as .png or .svg.", valueName: "file"))
  var curves: String?

  @Option(
    help: ArgumentHelp(
      "Also draw the filters of the first layer, as .png or .svg.", valueName: "file"))
  var filters: String?

  @OptionGroup var drawing: DrawingOptions
  @OptionGroup var distribution: DistributionOptions
  @OptionGroup var output: OutputOptions

  private struct Figures: Encodable {
    let run: String
    let model: String
    let epoch: Int
    /// Steps after that epoch.
    let step: Int
    let dataset: String
    let split: String
    let device: String
    let images: Int
    let metrics: [String: Double]
    /// Data of the log-likelihood: `gray` values, or `fixed` bits.
    let likelihoodOf: String?
    let samples: Int?
    let confusion: [[Int]]?
  }

  func run() throws { try distribution.run(evaluate) }

  private func evaluate(_ job: Job?) throws {
    try require("--samples", samples, in: 1...100_000)
    try requireNoise(noise)
    let (confusionFile, curvesFile, filtersFile) = (
      try drawingFile(confusion, "--confusion"), try drawingFile(curves, "--curves"),
      try drawingFile(filters, "--filters")
    )
    if let outputs { try OutputFile.requirePlace(outputs, option: "--outputs") }
    try require("--count", count, in: 1...Int(UInt32.max))
    guard binarise != .dynamic else {
      throw UsageError("--binarise is dynamic, which is for training: expected none or fixed")
    }
    func read() throws -> (RunFolder, Weights) {
      let folder = try trained.folder()
      return (folder, try Weights(run: folder, trained.weights))
    }
    let (folder, weights) = try job?.each(read) ?? read()
    if confusion != nil, !weights.configuration.classifies {
      throw UsageError(
        "--confusion needs a classifier, and \(trained.run) is a \(weights.configuration.model.rawValue)")
    }
    if samples != nil, !weights.configuration.architecture.isVariational {
      throw UsageError(
        "--samples needs a variational autoencoder, and \(trained.run) is a \(weights.configuration.model.rawValue)"
      )
    }
    let means = try job?.means(
      data: { try data.load(of: folder) }, device: device, isAside: output.json, weights: weights, check: {})
    let dataset = try means?.dataset ?? data.load(of: folder)
    let backend = try means?.backend ?? device.open(isAside: output.json)
    let (images, indices) = try dataset.images(of: split, weights.configuration)
    let all = indices ?? Array(0..<UInt32(images.count))
    if let count, count > all.count {
      throw UsageError(
        "--count is \(count), but there \(all.count == 1 ? "is" : "are") \(counted(all.count, "\(split.rawValue) image"))"
      )
    }
    let chosen = Array(all.prefix(count ?? all.count))
    let evaluator = try Evaluator(
      weights, images: images, backend: backend, noise: noise, binarise: binarise, group: job?.group)
    let evaluation = try evaluator.evaluate(chosen)
    var metrics = evaluation.metrics
    let likelihood = try samples.map { samples in
      let line = StatusLine(isAside: output.json)
      defer { line.clear() }
      return try evaluator.logLikelihood(samples: samples, chosen) {
        line.show("log-likelihood \(Format.bar($0))")
      }
    }
    if let job, !job.isFirst { return }
    metrics["log_likelihood"] = likelihood
    // The earlier spelling stays because published scripts read it.
    metrics["log-likelihood"] = likelihood
    let isOfBits = evaluator.binarisation != .none
    if let outputs {
      let plain = try Evaluator(
        weights, images: images, backend: backend, mode: .mean, noise: 0, binarise: binarise)
      try plain.file(chosen).write(to: URL(systemPath: outputs))
    }
    let title = "\(weights.configuration.model.rawValue) on \(dataset.name)"
    if let chart = HeatMap.confusion(
      evaluation, names: dataset.classNames, title: title,
      description: "Classes of \(counted(evaluation.images, "image")) by prediction.")
    {
      try confusionFile?.write(chart.drawing(), theme: drawing.theme)
    }
    if let curvesFile {
      let chart = LineChart.training(
        try folder.manifest(), test: split == .test && noise == nil ? metrics["loss"] : nil, title: title,
        description: "Losses of the run's epochs.")
      try curvesFile.write(chart.drawing(), theme: drawing.theme)
    }
    if let filtersFile {
      let chart = try Mosaic.filters(
        weights, title: "First layer of \(title)", description: "The weights of the first layer as tiles.")
      try filtersFile.write(chart.drawing(), theme: drawing.theme)
    }
    let figures = Figures(
      run: folder.url.path, model: weights.configuration.model.rawValue, epoch: weights.epoch,
      step: weights.step,
      dataset: dataset.name, split: split.rawValue, device: backend.device.identifier,
      images: evaluation.images, metrics: metrics,
      likelihoodOf: samples.map { _ in isOfBits ? "fixed" : "gray" }, samples: samples,
      confusion: evaluation.confusion)
    if output.json { return try Console.json(figures) }
    let steps = figures.step == 0 ? "" : " and \(counted(figures.step, "step"))"
    Console.say(
      "\(figures.model) of epoch \(figures.epoch)\(steps) on \(counted(figures.images, "\(split.rawValue) image")) "
        + "of \(dataset.title)")
    Console.say(Format.metrics(figures.metrics))
    if let samples {
      let kind =
        isOfBits
        ? "bits sampled once from the gray values" : "gray values (not a true likelihood: see --binarise)"
      Console.say("log-likelihood: \(counted(samples, "sample")) per image, of \(kind)")
    }
    if let confusion = figures.confusion { show(confusion) }
  }

  private func drawingFile(_ path: String?, _ option: String) throws -> OutputFile? {
    try path.map { try OutputFile($0, option: option, kinds: [.png, .svg]) }
  }

  private func show(_ confusion: [[Int]]) {
    Console.say("images by class (rows) and prediction (columns):")
    let header = [""] + confusion.indices.map { "\($0)" }
    let rows = confusion.enumerated().map { ["\($0)"] + $1.map(Format.count) }
    Console.say(Format.table([header] + rows, right: Set(0...confusion.count)))
  }
}
