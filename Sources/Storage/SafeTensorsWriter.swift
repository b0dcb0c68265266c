import Foundation

extension SafeTensors {
  /// The bytes of the file.
  ///
  /// The header is padded with spaces to a multiple of 8 bytes. Wider types come first, so that every tensor
  /// begins at a multiple of its element's size, as PyTorch's reader requires. Tensors of one width, and
  /// all entries in the header, keep the order in which they were added.
  package func serialized() -> Data {
    let laidOut = tensors.indices.sorted {
      (-tensors[$0].dataType.size, $0) < (-tensors[$1].dataType.size, $1)
    }
    var begins = [Int](repeating: 0, count: tensors.count)
    var total = 0
    for index in laidOut {
      begins[index] = total
      total += tensors[index].data.count
    }
    var header = Data(headerText(begins: begins).utf8)
    header.append(Data(repeating: UInt8(ascii: " "), count: (8 - header.count % 8) % 8))
    precondition(
      header.count <= Self.longestHeader,
      "a safetensors header of \(header.count) bytes: the format allows \(Self.longestHeader)")
    var file = Data(capacity: 8 + header.count + total)
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { file.append(contentsOf: $0) }
    file.append(header)
    for index in laidOut { file.append(tensors[index].data) }
    return file
  }

  /// Writes the file atomically; see `AtomicFile`.
  ///
  /// - Throws: `FileError`.
  package func write(to url: URL) throws {
    try AtomicFile.write(serialized(), to: url)
  }

  private func headerText(begins: [Int]) -> String {
    var entries: [String] = []
    if !metadata.isEmpty {
      let pairs = metadata.sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
        .map { "\(Self.quoted($0.key)):\(Self.quoted($0.value))" }
      entries.append("\"\(Self.metadataKey)\":{\(pairs.joined(separator: ","))}")
    }
    for (tensor, begin) in zip(tensors, begins) {
      let shape = tensor.shape.map(String.init).joined(separator: ",")
      entries.append(
        "\(Self.quoted(tensor.name)):{\"dtype\":\"\(tensor.dataType.rawValue)\",\"shape\":[\(shape)],"
          + "\"data_offsets\":[\(begin),\(begin + tensor.data.count)]}")
    }
    return "{\(entries.joined(separator: ","))}"
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.value < 0x20: result += String(format: "\\u%04x", scalar.value)
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
