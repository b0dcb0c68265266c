import Datasets
import Models
import Numerics
import Programs

/// The images of a training run: which of them train, which are held back, which are looked at.
///
/// The training images are resident under their index in the data set; behind them lie a few test images, for
/// pictures. An image's index is what its random numbers are drawn for.
public struct TrainingData: Sendable {
  /// The data set.
  public let dataset: Dataset
  /// Indices of the images that train, ascending.
  public let train: [UInt32]
  /// Indices of the images that are held back, ascending.
  public let validation: [UInt32]
  /// Indices in the test set of the images for pictures.
  let pictures: [Int]

  /// Splits the training images as the configuration says, or as `split` does.
  ///
  /// The split sorts by (Philox word of stream `split` for the image, index).
  ///
  /// - Throws: `TrainingError` where labels are missing, `DatasetError` where nothing would be left to train on.
  public init(
    _ dataset: Dataset, _ configuration: Configuration,
    split: (train: [UInt32], validation: [UInt32])? = nil
  ) throws {
    if configuration.loss == .crossEntropy, dataset.train.labels == nil {
      throw TrainingError(
        .data, "\(dataset.name) has no labels: a classifier needs a class for every training image")
    }
    self.dataset = dataset
    let count = dataset.train.count
    (train, validation) =
      try split
      ?? Split.validationSplit(
        order: RandomStream.split.order(0..<UInt32(count), seed: configuration.seed),
        validationCount: configuration.validationCount(of: count))
    pictures = configuration.loss == .crossEntropy ? [] : Self.pictures(dataset.test)
  }

  /// Ten test images, one of every class where there are labels.
  private static func pictures(_ test: ImageSet) -> [Int] {
    guard let labels = test.labels else { return Array(0..<min(10, test.count)) }
    return (0..<UInt8(ImageSet.classCount)).compactMap { labels.firstIndex(of: $0) }
  }

  /// Images that are resident.
  var residentCount: Int { dataset.train.count + pictures.count }

  /// Indices of the images for pictures among the resident ones.
  var pictureIndices: [UInt32] { pictures.indices.map { UInt32(dataset.train.count + $0) } }

  /// Puts images and labels where `model` wants them.
  func upload(to prepared: any PreparedProgram, of model: LoweredModel) throws {
    try prepared.write(dataset.train.pixels, to: model.dataset)
    for (place, index) in pictures.enumerated() {
      let offset = (dataset.train.count + place) * ModelKind.pixels
      try dataset.test.image(index).withUnsafeBytes { try prepared.write($0, to: model.dataset, at: offset) }
    }
    if let labels = model.labels, let values = dataset.train.labels { try prepared.write(values, to: labels) }
  }

  /// The order of the training images in `epoch`: sorted by (Philox word of stream `shuffle`, index).
  public func order(seed: UInt64, epoch: Int) -> [UInt32] {
    RandomStream.shuffle.order(train, seed: seed, epoch: UInt32(epoch))
  }
}
