/// A data set, or one of its files, that cannot be used.
public struct DatasetError: Error, Equatable, CustomStringConvertible {
  /// The kind of error.
  public enum Kind: String, Sendable {
    /// Unsupported content: a file instead of a folder, pictures other than PNG, a mixture.
    case notReadable
    /// The first four bytes are not those of the expected kind of file.
    case wrongMagic
    /// The file ends too early, or its header states more than the file can hold.
    case truncated
    /// The file has extra bytes at the end.
    case trailingBytes
    /// The compressed data are damaged.
    case corruptGzip
    /// The image size is not supported, or differs between images.
    case wrongShape
    /// A value outside 0 to 1.
    case badValue
    /// More images than fit in memory.
    case tooLarge
    /// No images or labels at all.
    case empty
    /// The numbers of images and labels differ.
    case countMismatch
    /// An invalid label, or too many classes.
    case badLabel
    /// A file or folder of the data set is missing.
    case missingFile
    /// A file of a known data set has other contents.
    case hashMismatch
    /// The files of a known data set cannot be compared with published hashes.
    case unverified
    /// A known data set was not found.
    case notFound
    /// Neither a known name nor a folder.
    case unknownName
    /// An impossible split.
    case badSplit
  }

  /// The kind of error.
  public let kind: Kind
  /// The file or folder, if any.
  public let path: String?
  /// What was expected, what was found, and what to do.
  public let message: String

  init(_ kind: Kind, path: String? = nil, _ message: String) {
    self.kind = kind
    self.path = path
    self.message = message
  }

  /// One line: the file, if any, and the facts.
  public var description: String {
    path.map { "\($0): \(message)" } ?? message
  }
}
