import Foundation
import Storage

/// A training set and a test set.
package struct Dataset: Sendable {
  /// A known name, or the name of the folder.
  package let name: String
  /// The training images.
  package let train: ImageSet
  /// The test images, of the same size.
  package let test: ImageSet
  /// Number of classes: one more than the largest label of both sets, at least the number of names;
  /// 0 without labels.
  package let classCount: Int
  /// Names of the classes, from class 0, if known.
  package let classNames: [String]?
  /// Hash of the images and labels, independent of the file format.
  ///
  /// SHA-256, in lowercase hexadecimal digits, of four unpacked IDX files one after the other: training images,
  /// training labels, test images, test labels (labels are left out where there are none). Files of gray images
  /// have the three dimensions [count, height, width] (magic number 0x00000803), those of colour images the four
  /// [count, channels, height, width] (0x00000804). For a folder of such files, a shell gives the same: `zcat
  /// train-images-idx3-ubyte.gz train-labels-idx1-ubyte.gz t10k-images-idx3-ubyte.gz t10k-labels-idx1-ubyte.gz |
  /// sha256sum`.
  package let sha256: String
  /// The folder it was read from; nil if a program gave the images.
  package let source: URL?
  /// Whether every file is, by its SHA-256, the one published under the name.
  package let isVerified: Bool

  /// The size of every image.
  package var shape: ImageShape { train.shape }

  /// A data set from its parts; the hash is computed.
  ///
  /// - Parameters:
  ///   - name: what to call it.
  ///   - train: the training images.
  ///   - test: the test images.
  ///   - classNames: names of the classes, from class 0.
  ///   - source: the folder it was read from; nil for none.
  ///   - isVerified: whether the contents are known to be those published under the name.
  /// - Throws: `DatasetError` when training and test images differ in size.
  package init(
    name: String, train: ImageSet, test: ImageSet, classNames: [String]? = nil, source: URL? = nil,
    isVerified: Bool = false
  ) throws {
    guard train.shape == test.shape else {
      throw DatasetError(
        .wrongShape,
        "\(name): training images are \(train.shape), test images \(test.shape) "
          + "(channels × height × width): expected one size")
    }
    self.name = name
    self.train = train
    self.test = test
    let isLabelled = train.labels != nil || test.labels != nil
    let largest = [train, test].compactMap { $0.labels?.max() }.max()
    classCount = isLabelled ? max(largest.map { Int($0) + 1 } ?? 0, classNames?.count ?? 0) : 0
    self.classNames = isLabelled ? classNames : nil
    self.source = source
    self.isVerified = isVerified
    var fingerprint = Fingerprint()
    for set in [train, test] {
      fingerprint.update(IDX.imagesHeader(count: set.count, shape: set.shape))
      try set.bytes.pass { fingerprint.update($0) }
      guard let labels = set.labels else { continue }
      fingerprint.update(IDX.header(magic: IDX.labelsMagic, dimensions: [set.count]))
      fingerprint.update(labels)
    }
    sha256 = fingerprint.hex
  }

  /// `fashion-mnist (/usr/share/datasets/fashion-mnist)`, or the name alone.
  package var title: String { name + (source.map { " (\($0.path))" } ?? "") }

  /// `cat`, or `class 3` if the classes have no names.
  package func className(_ label: Int) -> String {
    guard let classNames, classNames.indices.contains(label) else { return "class \(label)" }
    return classNames[label]
  }
}
