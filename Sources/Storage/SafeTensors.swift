import Foundation

/// Named tensors and text, in the safetensors format (huggingface.co/docs/safetensors).
///
/// A file is the header's length (8 bytes, little-endian), the header (JSON), and the tensors' bytes. The bytes
/// written are a function of the contents alone: tensors are in the header in the order they were added,
/// the metadata sorted by key.
package struct SafeTensors: Sendable, Equatable {
  /// The type of a tensor's elements, by its name in the format.
  package enum DataType: String, Sendable, CaseIterable {
    /// Truth value of one byte.
    case bool = "BOOL"
    /// Unsigned 8-bit integer.
    case u8 = "U8"
    /// Signed 8-bit integer.
    case i8 = "I8"
    /// Signed 16-bit integer.
    case i16 = "I16"
    /// Unsigned 16-bit integer.
    case u16 = "U16"
    /// IEEE 754 binary16.
    case f16 = "F16"
    /// The upper half of a binary32.
    case bf16 = "BF16"
    /// Signed 32-bit integer.
    case i32 = "I32"
    /// Unsigned 32-bit integer.
    case u32 = "U32"
    /// IEEE 754 binary32.
    case f32 = "F32"
    /// IEEE 754 binary64.
    case f64 = "F64"
    /// Signed 64-bit integer.
    case i64 = "I64"
    /// Unsigned 64-bit integer.
    case u64 = "U64"

    /// Bytes per element.
    package var size: Int {
      switch self {
      case .bool, .u8, .i8: 1
      case .i16, .u16, .f16, .bf16: 2
      case .i32, .u32, .f32: 4
      case .f64, .i64, .u64: 8
      }
    }
  }

  /// One tensor: its bytes are little-endian, last dimension fastest.
  package struct Tensor: Sendable, Equatable {
    /// Unique in its file.
    package let name: String
    /// The type of its elements.
    package let dataType: DataType
    /// Its dimensions; empty for a single value; a dimension may be 0.
    package let shape: [Int]
    /// `size × product of shape` bytes.
    package let data: Data

    /// A tensor from its bytes.
    ///
    /// - Throws: `SafeTensorsError` when the shape is negative or too large, or the byte count does not match it.
    package init(name: String, dataType: DataType, shape: [Int], data: Data) throws {
      let expected = try Self.byteCount(name: name, dataType: dataType, shape: shape)
      guard data.count == expected else {
        throw SafeTensorsError(
          .badSize,
          "tensor '\(name)' \(dataType.rawValue) \(shape) takes \(expected) bytes, found \(data.count)")
      }
      self.name = name
      self.dataType = dataType
      self.shape = shape
      self.data = data
    }

    static func byteCount(name: String, dataType: DataType, shape: [Int]) throws -> Int {
      var count = dataType.size
      for dimension in shape {
        let (product, overflow) = count.multipliedReportingOverflow(by: dimension)
        guard dimension >= 0, !overflow else {
          throw SafeTensorsError(
            .badSize, "tensor '\(name)' has the shape \(shape), which no memory can hold")
        }
        count = product
      }
      return count
    }
  }

  /// The longest header that the format allows, in bytes.
  static let longestHeader = 100_000_000
  static let metadataKey = "__metadata__"

  /// The tensors, in order.
  package private(set) var tensors: [Tensor] = []
  /// Free text by key.
  package var metadata: [String: String] = [:]
  /// Tensors of unknown types, by name with the type; skipped when reading.
  package internal(set) var unreadable: [String: String] = [:]
  private var places: [String: Int] = [:]

  /// Empty.
  package init() {}

  /// Appends a tensor.
  ///
  /// - Throws: `SafeTensorsError` when the name is taken, or is the reserved `__metadata__`.
  package mutating func add(_ tensor: Tensor) throws {
    guard tensor.name != Self.metadataKey else {
      throw SafeTensorsError(.nameTaken, "no tensor may be named \(Self.metadataKey): the format keeps it")
    }
    guard places[tensor.name] == nil else {
      throw SafeTensorsError(.nameTaken, "tensor '\(tensor.name)' exists already")
    }
    places[tensor.name] = tensors.count
    tensors.append(tensor)
  }

  /// The names of the tensors, in order.
  package var names: [String] {
    tensors.map(\.name)
  }

  /// Whether there is a tensor of that name, even of an unknown type.
  package func contains(_ name: String) -> Bool {
    places[name] != nil || unreadable[name] != nil
  }

  /// The tensor of that name.
  ///
  /// - Throws: `SafeTensorsError` when there is none, or it has an unknown type.
  package func tensor(_ name: String) throws -> Tensor {
    guard let place = places[name] else {
      if let type = unreadable[name] {
        throw SafeTensorsError(.unknownType, "tensor '\(name)' has the type \(type), which is not read")
      }
      let known = names.isEmpty ? "none" : names.prefix(12).joined(separator: ", ")
      let more = names.count > 12 ? " …" : ""
      throw SafeTensorsError(.missing, "no tensor '\(name)'; there are: \(known)\(more)")
    }
    return tensors[place]
  }
}
