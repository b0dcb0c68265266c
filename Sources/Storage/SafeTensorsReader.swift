import Foundation

extension SafeTensors {
  /// Reads a file; see `init(data:)`.
  ///
  /// - Throws: `FileError` when it cannot be read, `SafeTensorsError` naming the file when it breaks the format.
  package init(contentsOf url: URL) throws {
    let data = try readFile(url)
    do {
      try self.init(data: data)
    } catch let error as SafeTensorsError {
      throw error.naming(url.path)
    }
  }

  /// Reads the bytes of a file, refusing whatever the format does not allow.
  ///
  /// That is: a header longer than 100 MB or than the file, one that is not UTF-8, does not begin with `{`, is
  /// not JSON of the expected form or names a key twice; unknown types; shapes that overflow; tensors whose
  /// bytes do not fit their shape, overlap, leave a hole, or do not fill the file exactly.
  ///
  /// - Throws: `SafeTensorsError`.
  package init(data: Data) throws {
    let data = data.startIndex == 0 ? data : Data(data)
    let (header, bytes) = try Self.split(data)
    self.init()
    var entries: [Entry] = []
    var json = StrictJSON(header)
    var metadata: [String: String] = [:]
    try json.object { json, key in
      if key == Self.metadataKey {
        try json.object { json, key in metadata[key] = try json.string() }
      } else {
        entries.append(try Entry(name: key, json: &json))
      }
    }
    try json.end()
    try Self.checkCoverage(entries, byteCount: bytes.count)
    self.metadata = metadata
    for entry in entries {
      let range = bytes.startIndex + entry.begin..<bytes.startIndex + entry.end
      try add(
        Tensor(name: entry.name, dataType: entry.dataType, shape: entry.shape, data: data.subdata(in: range)))
    }
  }

  /// The header's bytes and the range of the rest.
  private static func split(_ data: Data) throws -> (header: [UInt8], bytes: Range<Int>) {
    guard data.count >= 8 else {
      throw SafeTensorsError(
        .badLength, "expected at least 8 bytes, found \(data.count): the file is cut off")
    }
    let length = data.prefix(8).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= longestHeader else {
      throw SafeTensorsError(
        .badLength, "expected a header of at most \(longestHeader) bytes, found \(length): not safetensors?")
    }
    let end = 8 + Int(length)
    guard end <= data.count else {
      throw SafeTensorsError(
        .badLength, "the header takes \(length) bytes, found \(data.count - 8): the file is cut off")
    }
    let header = [UInt8](data[8..<end])
    guard header.first == UInt8(ascii: "{") else {
      throw SafeTensorsError(.badHeader, "expected a header that begins with '{': this is not safetensors")
    }
    guard String(validating: header, as: UTF8.self) != nil else {
      throw SafeTensorsError(.badHeader, "the header is not UTF-8: the file is damaged")
    }
    return (header, end..<data.count)
  }

  private static func checkCoverage(_ entries: [Entry], byteCount: Int) throws {
    var covered = 0
    for entry in entries.sorted(by: { ($0.begin, $0.end) < ($1.begin, $1.end) }) {
      guard entry.begin == covered, entry.end >= entry.begin else {
        let fault = entry.end < entry.begin ? "backwards" : entry.begin < covered ? "overlap" : "a hole"
        throw SafeTensorsError(
          .badOffsets,
          "tensor '\(entry.name)' lies at \(entry.begin)..<\(entry.end), expected it to begin at \(covered): "
            + "\(fault), the file is damaged")
      }
      let size = try Tensor.byteCount(name: entry.name, dataType: entry.dataType, shape: entry.shape)
      guard size == entry.end - entry.begin else {
        throw SafeTensorsError(
          .badSize,
          "tensor '\(entry.name)' \(entry.dataType.rawValue) \(entry.shape) takes \(size) bytes, "
            + "found \(entry.end - entry.begin)")
      }
      covered = entry.end
    }
    guard covered == byteCount else {
      throw SafeTensorsError(
        .badOffsets, "the tensors take \(covered) bytes, found \(byteCount): the file is cut off or too long")
    }
  }
}

/// What the header says of one tensor.
private struct Entry {
  let name: String
  let dataType: SafeTensors.DataType
  let shape: [Int]
  let begin: Int
  let end: Int

  init(name: String, json: inout StrictJSON) throws {
    var dataType: SafeTensors.DataType?
    var shape: [Int]?
    var offsets: [Int]?
    try json.object { json, key in
      switch key {
      case "dtype":
        let text = try json.string()
        guard let known = SafeTensors.DataType(rawValue: text) else {
          let all = SafeTensors.DataType.allCases.map(\.rawValue).joined(separator: ", ")
          throw SafeTensorsError(
            .unknownType, "tensor '\(name)' has the type '\(text)', expected one of \(all)")
        }
        dataType = known
      case "shape": shape = try json.wholeNumbers()
      case "data_offsets": offsets = try json.wholeNumbers()
      default:
        throw json.failure("tensor '\(name)' has '\(key)', expected dtype, shape and data_offsets only")
      }
    }
    guard let dataType, let shape, let offsets, offsets.count == 2 else {
      throw json.failure("tensor '\(name)' needs dtype, shape and two data_offsets")
    }
    self.name = name
    self.dataType = dataType
    self.shape = shape
    self.begin = offsets[0]
    self.end = offsets[1]
  }
}

extension StrictJSON {
  fileprivate mutating func wholeNumbers() throws -> [Int] {
    var numbers: [Int] = []
    try array { json in numbers.append(try json.wholeNumber()) }
    return numbers
  }
}
