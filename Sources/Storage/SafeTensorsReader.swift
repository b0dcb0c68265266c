import Foundation

extension SafeTensors {
  /// Reads a file; see `init(data:)`. The tensors' bytes are read only after the header has accounted for all of them.
  ///
  /// - Parameter limit: its maximum size in bytes; by default a third of the machine's memory.
  /// - Throws: `FileError`, `NotAFile` when it cannot be read, `FileTooLarge`, `SafeTensorsError` naming the file when it
  ///   breaks the format.
  package init(contentsOf url: URL, atMost limit: Int? = nil) throws {
    let path = url.path
    let (descriptor, size) = try openPlainFile(path)
    defer { close(descriptor) }
    let limit = limit ?? sysconf(Int32(_SC_PHYS_PAGES)) / 3 * sysconf(Int32(_SC_PAGESIZE))
    guard size <= limit else { throw FileTooLarge(path: path, limit: limit) }
    do {
      let front = try readAll(descriptor, path, atMost: 8)
      let end = try Self.headerEnd(front, fileSize: size)
      let header = try Header([UInt8](try readAll(descriptor, path, atMost: end - 8)), byteCount: size - end)
      try self.init(header, try readAll(descriptor, path, atMost: size - end))
    } catch let error as SafeTensorsError {
      throw error.naming(path)
    }
  }

  /// Reads the bytes of a file, refusing whatever the format does not allow.
  ///
  /// That is: a header longer than 100 MB or than the file, one that is not UTF-8, does not begin with `{`, is
  /// not JSON of the expected form or names a key twice; shapes that overflow; tensors whose bytes do not fit
  /// their shape, overlap, leave a hole, or do not fill the file exactly. A tensor of an unknown type is skipped
  /// (``unreadable``): the format gains types, and the tensor may not be needed.
  ///
  /// - Throws: `SafeTensorsError`.
  package init(data: Data) throws {
    let data = data.startIndex == 0 ? data : Data(data)
    let end = try Self.headerEnd(data.prefix(8), fileSize: data.count)
    try self.init(Header([UInt8](data[8..<end]), byteCount: data.count - end), data[end...])
  }

  private init(_ header: Header, _ bytes: Data) throws {
    self.init()
    metadata = header.metadata
    for entry in header.entries {
      guard entry.end <= bytes.count else {
        throw SafeTensorsError(.badLength, "the file became shorter while it was read")
      }
      guard let dataType = entry.dataType else {
        unreadable[entry.name] = entry.typeName
        continue
      }
      let range = bytes.startIndex + entry.begin..<bytes.startIndex + entry.end
      try add(
        Tensor(name: entry.name, dataType: dataType, shape: entry.shape, data: bytes.subdata(in: range)))
    }
  }

  /// What PyTorch's own files begin with.
  private static let zipMagic: [UInt8] = [0x50, 0x4B, 3, 4]

  /// Where the header ends in a file that begins with the eight bytes of `front`.
  private static func headerEnd(_ front: Data, fileSize: Int) throws -> Int {
    guard front.count >= 8 else {
      throw SafeTensorsError(
        .badLength, "expected at least 8 bytes, found \(front.count): the file is cut off")
    }
    guard !front.starts(with: zipMagic) else {
      throw SafeTensorsError(
        .badHeader,
        "this is a zip archive, not safetensors: if PyTorch's torch.save wrote it, write it again with "
          + "safetensors.torch.save_file(model.state_dict(), 'weights.safetensors')")
    }
    let length = front.reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
    guard length <= longestHeader else {
      throw SafeTensorsError(
        .badLength, "expected a header of at most \(longestHeader) bytes, found \(length): not safetensors?")
    }
    let end = 8 + Int(length)
    guard end <= fileSize else {
      throw SafeTensorsError(
        .badLength, "the header takes \(length) bytes, found \(fileSize - 8): the file is cut off")
    }
    return end
  }
}

/// The header of a file, checked so that its tensors fill the rest exactly.
private struct Header {
  var entries: [Entry] = []
  var metadata: [String: String] = [:]

  init(_ header: [UInt8], byteCount: Int) throws {
    guard header.first == UInt8(ascii: "{") else {
      throw SafeTensorsError(.badHeader, "expected a header that begins with '{': this is not safetensors")
    }
    guard String(validating: header, as: UTF8.self) != nil else {
      throw SafeTensorsError(.badHeader, "the header is not UTF-8: the file is damaged")
    }
    var json = StrictJSON(header)
    try json.object { json, key in
      if key == SafeTensors.metadataKey {
        try json.object { json, key in metadata[key] = try json.string() }
      } else {
        entries.append(try Entry(name: key, json: &json))
      }
    }
    try json.end()
    try Self.checkCoverage(entries, byteCount: byteCount)
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
      covered = entry.end
      guard let dataType = entry.dataType else { continue }
      let size = try SafeTensors.Tensor.byteCount(name: entry.name, dataType: dataType, shape: entry.shape)
      guard size == entry.end - entry.begin else {
        throw SafeTensorsError(
          .badSize,
          "tensor '\(entry.name)' \(dataType.rawValue) \(entry.shape) takes \(size) bytes, "
            + "found \(entry.end - entry.begin)")
      }
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
  let typeName: String
  let shape: [Int]
  let begin: Int
  let end: Int

  /// Nil for an unknown type.
  var dataType: SafeTensors.DataType? { SafeTensors.DataType(rawValue: typeName) }

  init(name: String, json: inout StrictJSON) throws {
    var typeName: String?
    var shape: [Int]?
    var offsets: [Int]?
    try json.object { json, key in
      switch key {
      case "dtype": typeName = try json.string()
      case "shape": shape = try json.wholeNumbers()
      case "data_offsets": offsets = try json.wholeNumbers()
      default:
        throw json.failure("tensor '\(name)' has '\(key)', expected dtype, shape and data_offsets only")
      }
    }
    guard let typeName, let shape, let offsets, offsets.count == 2 else {
      throw json.failure("tensor '\(name)' needs dtype, shape and two data_offsets")
    }
    self.name = name
    self.typeName = typeName
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
