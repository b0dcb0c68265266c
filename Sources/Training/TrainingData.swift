import Datasets
import Models
import Numerics
import Programs

/// The images of a training run: training, validation and pictures.
///
/// The training images are resident under their index in the data set; after them come a few test images, for
/// pictures. An image's index determines its random numbers.
package struct TrainingData: Sendable {
  package let dataset: Dataset
  /// Indices of the training images, ascending.
  package let train: [UInt32]
  /// Indices of the validation images, ascending.
  package let validation: [UInt32]
  /// Indices in the test set of the images for pictures.
  let pictures: [Int]

  /// Splits the training images as configured, or as given by `split`.
  ///
  /// The split sorts by (Philox word of stream `split` for the image, index).
  ///
  /// - Throws: `TrainingError` if a classifier lacks labels or a class lacks images; `DatasetError` if no training
  ///   images are left.
  package init(
    _ dataset: Dataset, _ configuration: Configuration,
    split: (train: [UInt32], validation: [UInt32])? = nil
  ) throws {
    if configuration.classifies { try Self.checkClasses(of: dataset) }
    self.dataset = dataset
    let count = dataset.train.count
    (train, validation) =
      try split
      ?? Split.validationSplit(
        order: RandomStream.split.order(0..<UInt32(count), seed: configuration.seed),
        validationCount: configuration.validationCount(of: count))
    pictures = configuration.classifies ? [] : Self.pictures(dataset.test)
  }

  /// A classifier cannot learn a class without images; an autoencoder ignores labels.
  private static func checkClasses(of dataset: Dataset) throws {
    let seen = Set(try requireLabels(of: dataset))
    guard let empty = (0..<dataset.classCount).first(where: { !seen.contains(UInt8($0)) }) else { return }
    throw TrainingError(
      .data,
      "\(dataset.name) has \(counted(dataset.classCount, "class", "classes")), but no training image of "
        + "\(dataset.className(empty)): a classifier needs some of every class, numbered from 0 without gaps")
  }

  /// Throws: `TrainingError` if there are none.
  @discardableResult
  static func requireLabels(of dataset: Dataset) throws -> [UInt8] {
    if let labels = dataset.train.labels { return labels }
    throw TrainingError(
      .data, "\(dataset.name) has no labels: a classifier needs a class for every training image")
  }

  /// The first test images, at most ten; if there are labels, the first of every class, then the second, and so on, to
  /// show as many classes as possible.
  private static func pictures(_ test: ImageSet) -> [Int] {
    let most = 10
    guard let labels = test.labels else { return Array(0..<min(most, test.count)) }
    var ofClass = [[Int]](repeating: [], count: 256)
    for (index, label) in labels.enumerated() where ofClass[Int(label)].count < most {
      ofClass[Int(label)].append(index)
    }
    let rounds = (0..<most).flatMap { round in ofClass.compactMap { $0.dropFirst(round).first } }
    return Array(rounds.prefix(most))
  }

  /// Indices of the images for pictures among those of ``count``.
  var pictureIndices: [UInt32] { pictures.indices.map { UInt32(dataset.train.count + $0) } }

  /// The order of the training images in `epoch`: sorted by (Philox word of stream `shuffle`, index).
  package func order(seed: UInt64, epoch: Int) -> [UInt32] {
    RandomStream.shuffle.order(train, seed: seed, epoch: UInt32(epoch))
  }
}

extension ImageSet: ImageSource {}

/// The training images followed by those for pictures, for code that reads both.
extension TrainingData: ImageSource {
  package var count: Int { dataset.train.count + pictures.count }

  package func read(_ images: ArraySlice<UInt32>, into bytes: UnsafeMutableRawBufferPointer) throws {
    func room(_ places: Range<Int>) -> UnsafeMutableRawBufferPointer {
      let size = dataset.shape.count
      return UnsafeMutableRawBufferPointer(
        rebasing: bytes[(places.lowerBound * size)..<(places.upperBound * size)])
    }
    let training = images.prefix { $0 < dataset.train.count }
    try dataset.train.read(training, into: room(0..<training.count))
    let tested = images.dropFirst(training.count).map { UInt32(pictures[Int($0) - dataset.train.count]) }
    try dataset.test.read(tested[...], into: room(training.count..<images.count))
  }
}
