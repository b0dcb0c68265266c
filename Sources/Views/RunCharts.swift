import Models
import Pictures
import Programs
import Training

extension LineChart {
  /// A metric of a run, epoch by epoch: on the training images, on those held out, and once on the test images.
  ///
  /// - Parameters:
  ///   - manifest: the run.
  ///   - metric: `loss`, or another name in the manifest; one that no epoch has gives an empty chart.
  ///   - test: the figure on the test images, with the weights of the best epoch; nil: not shown.
  ///   - title: of the chart.
  ///   - description: of the chart.
  package static func training(
    _ manifest: Manifest, metric: String = "loss", test: Double? = nil, title: String = "",
    description: String = ""
  ) -> LineChart {
    func points(_ value: (EpochRecord) -> Double?) -> [Point] {
      manifest.epochs.compactMap { epoch in value(epoch).map { Point(Double(epoch.epoch), $0) } }
    }
    let isLoss = metric == "loss"
    let train = points { isLoss ? $0.trainLoss : $0.trainMetrics[metric] }
    let validation = points { isLoss ? $0.validationLoss : $0.validationMetrics[metric] }
    let best = Double(manifest.bestEpoch)
    var series: [Series] = []
    for (name, points) in [("train", train), ("validation", validation)] where !points.isEmpty {
      series.append(.init(name, points, isDashed: name == "validation"))
    }
    if let test, best > 0 {
      series.append(.init("test " + Numerals.significant(test, 3), [Point(best, test)], isMarked: true))
    }
    let values = series.flatMap { $0.points.map(\.y) }.filter(\.isFinite)
    // Decaying values get a logarithmic axis: a factor of three or more would hide small values.
    let decays = values.min().map { $0 > 0 && (values.max() ?? 0) > 3 * $0 } ?? false
    let words =
      manifest.state == .stoppedEarly
      ? "best epoch \(manifest.bestEpoch), then stopped early" : "best epoch \(manifest.bestEpoch)"
    return LineChart(
      title: title, description: description, x: Axis("epoch", isWhole: true),
      y: Axis(
        isLoss ? manifest.configuration.loss.unit : metric,
        scale: decays && metric != "accuracy" ? .logarithmic : .linear),
      series: series, annotations: best > 0 ? [.init(x: best, words)] : [])
  }
}

extension Loss {
  /// The meaning of its numbers, with their unit.
  package var unit: String {
    switch self {
    case .meanSquaredError: "mean squared error per pixel"
    case .binaryCrossEntropy, .importanceWeighted: "loss per image in nats"
    case .crossEntropy: "cross-entropy per image in nats"
    }
  }
}

extension HeatMap {
  /// A classifier's confusion matrix as a chart; nil if the evaluation is not of a classifier.
  ///
  /// - Parameters:
  ///   - evaluation: of a classifier.
  ///   - names: names of the classes; nil: their numbers.
  package static func confusion(
    _ evaluation: Evaluation, names: [String]? = nil, title: String = "", description: String = ""
  ) -> HeatMap? {
    evaluation.confusion.map {
      HeatMap(title: title, description: description, confusion: $0, names: names ?? [])
    }
  }
}

extension Mosaic {
  /// The filters of the first layer: its kernels, or for a fully connected one the weights of its first 64 units over
  /// the image; mid-grey is zero, and the largest weight of all is white or black.
  ///
  /// Kernels over colour images are in colour.
  ///
  /// - Throws: `TrainingError` if the first layer's weights are not such images.
  package static func filters(
    _ weights: Weights, title: String = "", description: String = ""
  ) throws -> Mosaic {
    let image = weights.configuration.imageShape
    let tensors = weights.state.parameters
    guard let tensor = tensors.first(where: { $0.name.hasSuffix(".weight") }), let count = tensor.shape.first,
      let shape = shape(of: tensor.shape, image), count > 0
    else {
      throw TrainingError(
        .weights, "the first layer's weights are no pictures: expected a convolution or a linear layer")
    }
    let shown = min(count, 64)
    let largest = tensor.values.reduce(0) { max($0, $1.magnitude) }
    let size = shape.channels * shape.height * shape.width
    let pictures = (0..<shown).map { unit in
      let values = tensor.values[unit * size..<(unit + 1) * size].prefix(
        shape.shown * shape.height * shape.width)
      return Picture(
        planar: values.map { Picture.shade(largest > 0 ? 0.5 + $0 / (2 * largest) : 0.5) },
        channels: shape.shown,
        height: shape.height, width: shape.width)
    }
    let columns = min(shown, 8)
    return Mosaic(
      title: title, description: description,
      rows: stride(from: 0, to: shown, by: columns).map { first in
        Row(
          "\(first + 1)–\(min(first + columns, shown))", Array(pictures[first..<min(first + columns, shown)]))
      })
  }

  /// Channels, height and width of one unit's weights, and how many of the channels can be shown.
  private static func shape(
    of dimensions: [Int], _ image: MapShape
  ) -> (channels: Int, height: Int, width: Int, shown: Int)? {
    switch dimensions.count {
    case 4: (dimensions[1], dimensions[2], dimensions[3], dimensions[1] == 3 ? 3 : 1)
    case 2 where dimensions[1] == image.count && image.height > 1:
      (image.channels, image.height, image.width, image.channels == 3 ? 3 : 1)
    default: nil
    }
  }
}
