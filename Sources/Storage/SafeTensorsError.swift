/// A safetensors file that breaks the format's rules, or a tensor that is not what the caller asked for.
public struct SafeTensorsError: Error, Equatable, CustomStringConvertible {
  /// The kind of error.
  public enum Kind: String, Sendable {
    /// The file ends before the header does, or the header's length is out of bounds.
    case badLength
    /// The header is not the JSON that the format asks for.
    case badHeader
    /// The tensors' bytes overlap, leave holes, or do not fill the file.
    case badOffsets
    /// A tensor's byte count is not its shape times the size of its type.
    case badSize
    /// A type this reader does not know.
    case unknownType
    /// No tensor of that name.
    case missing
    /// A tensor of that name exists, or the name is reserved.
    case nameTaken
    /// The tensor has another type than requested.
    case wrongType
    /// The tensor has another shape than requested.
    case wrongShape
  }

  /// The kind of error.
  public let kind: Kind
  /// One line with the facts.
  public let message: String
  /// The file it was read from, if any.
  public private(set) var path: String?

  init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  /// One line: the file where known, and the facts.
  public var description: String {
    "\(path ?? "safetensors"): \(message)"
  }

  /// The same error, naming the file at `path` if it names none yet.
  package func naming(_ path: String) -> SafeTensorsError {
    guard self.path == nil else { return self }
    var named = self
    named.path = path
    return named
  }
}
