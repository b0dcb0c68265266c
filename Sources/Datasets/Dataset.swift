import Foundation
import Storage

/// A training set and a test set, and where they are from.
public struct Dataset: Sendable {
  /// A known name, or the name of the folder.
  public let name: String
  /// The images to learn from.
  public let train: ImageSet
  /// The images to judge by.
  public let test: ImageSet
  /// What the images and labels are, whatever files they came in.
  ///
  /// SHA-256, in lowercase hexadecimal digits, of the four unpacked IDX files one behind the other: training
  /// images, training labels, test images, test labels (labels are left out where there are none). For a folder
  /// of IDX files, a shell gives the same: `zcat train-images-idx3-ubyte.gz train-labels-idx1-ubyte.gz
  /// t10k-images-idx3-ubyte.gz t10k-labels-idx1-ubyte.gz | sha256sum`.
  public let sha256: String
  /// The folder it was read from.
  public let source: URL
  /// Whether every file is, by its SHA-256, the one published under the name.
  public let isVerified: Bool

  /// A data set from its parts; the hash is computed.
  ///
  /// - Parameters:
  ///   - name: what to call it.
  ///   - train: the images to learn from.
  ///   - test: the images to judge by.
  ///   - source: the folder it was read from.
  ///   - isVerified: whether the contents are known to be those published under the name.
  public init(name: String, train: ImageSet, test: ImageSet, source: URL, isVerified: Bool = false) {
    self.name = name
    self.train = train
    self.test = test
    self.source = source
    self.isVerified = isVerified
    var fingerprint = Fingerprint()
    for set in [train, test] {
      fingerprint.update(IDX.header(magic: IDX.imagesMagic, dimensions: [set.count, set.height, set.width]))
      fingerprint.update(set.pixels)
      guard let labels = set.labels else { continue }
      fingerprint.update(IDX.header(magic: IDX.labelsMagic, dimensions: [set.count]))
      fingerprint.update(labels)
    }
    sha256 = fingerprint.hex
  }
}
