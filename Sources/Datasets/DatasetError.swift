/// A data set, or one of its files, that cannot be used.
public struct DatasetError: Error, Equatable, CustomStringConvertible {
  /// What kind of thing is wrong.
  public enum Kind: String, Sendable {
    /// Not what is needed: a file in place of a folder, pictures in another form than PNG, a mixture.
    case notReadable
    /// The first four bytes are not those of the expected kind of file.
    case wrongMagic
    /// The file ends too early, or its header promises more than the file can hold.
    case truncated
    /// The file goes on after its contents.
    case trailingBytes
    /// The compressed data are damaged.
    case corruptGzip
    /// The images are of a size that is not handled, or not all of one size.
    case wrongShape
    /// A value that is no brightness from 0 to 1.
    case badValue
    /// More images than fit in memory.
    case tooLarge
    /// No images or labels at all.
    case empty
    /// Images and labels are not equally many.
    case countMismatch
    /// A label that stands for no class, or too many classes.
    case badLabel
    /// A file or folder that belongs to the data set is not there, or nothing is.
    case missingFile
    /// A file of a known data set has other contents.
    case hashMismatch
    /// The files of a known data set cannot be compared with published hashes.
    case unverified
    /// A known data set is in none of the places looked at.
    case notFound
    /// Neither a known name nor a folder.
    case unknownName
    /// A split that cannot be made.
    case badSplit
  }

  /// What kind of thing is wrong.
  public let kind: Kind
  /// The file or folder, where there is one.
  public let path: String?
  /// What was expected, what was found, and what to do.
  public let message: String

  init(_ kind: Kind, path: String? = nil, _ message: String) {
    self.kind = kind
    self.path = path
    self.message = message
  }

  /// One line: the file where there is one, and the facts.
  public var description: String {
    path.map { "\($0): \(message)" } ?? message
  }
}
