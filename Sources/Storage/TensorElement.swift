import Foundation

#if _endian(big)
  #error("the bytes of tensors are copied as they lie in memory: only little-endian machines can do that")
#endif

/// A Swift type whose values can be stored in, and read from, a safetensors file.
package protocol TensorElement: BitwiseCopyable, Sendable {
  /// The type's name in the file.
  static var dataType: SafeTensors.DataType { get }
}

extension Float: TensorElement {
  /// `F32`.
  package static var dataType: SafeTensors.DataType { .f32 }
}

extension Double: TensorElement {
  /// `F64`.
  package static var dataType: SafeTensors.DataType { .f64 }
}

extension UInt8: TensorElement {
  /// `U8`.
  package static var dataType: SafeTensors.DataType { .u8 }
}

extension Int32: TensorElement {
  /// `I32`.
  package static var dataType: SafeTensors.DataType { .i32 }
}

extension UInt32: TensorElement {
  /// `U32`.
  package static var dataType: SafeTensors.DataType { .u32 }
}

extension Int64: TensorElement {
  /// `I64`.
  package static var dataType: SafeTensors.DataType { .i64 }
}

extension UInt64: TensorElement {
  /// `U64`.
  package static var dataType: SafeTensors.DataType { .u64 }
}

extension SafeTensors {
  /// Appends a tensor of values.
  ///
  /// - Parameters:
  ///   - name: a name no other tensor has.
  ///   - shape: its dimensions; empty for a single value.
  ///   - values: its values, last dimension fastest; bits are kept, NaN payloads included.
  /// - Throws: `SafeTensorsError` when the count does not match the shape, or the name is taken.
  package mutating func add<Element: TensorElement>(
    _ name: String, shape: [Int], values: [Element]
  ) throws {
    let data = values.withUnsafeBytes { Data($0) }
    try add(Tensor(name: name, dataType: Element.dataType, shape: shape, data: data))
  }

  /// Appends a tensor of 32-bit floating-point values; see `add(_:shape:values:)`.
  ///
  /// - Throws: `SafeTensorsError` when the count does not match the shape, or the name is taken.
  package mutating func add(_ name: String, shape: [Int], floats: [Float]) throws {
    try add(name, shape: shape, values: floats)
  }

  /// The values of a tensor, last dimension fastest.
  ///
  /// - Parameters:
  ///   - name: the tensor's name.
  ///   - type: the type it must hold; nothing is converted.
  ///   - shape: the shape it must have; nil accepts any.
  /// - Throws: `SafeTensorsError` when there is no such tensor, or it has another type or shape.
  package func values<Element: TensorElement>(
    _ name: String, of type: Element.Type, shape: [Int]? = nil
  ) throws -> [Element] {
    let tensor = try tensor(name)
    guard tensor.dataType == Element.dataType else {
      throw SafeTensorsError(
        .wrongType, "tensor '\(name)' is \(tensor.dataType.rawValue), expected \(Element.dataType.rawValue)")
    }
    if let shape, shape != tensor.shape {
      throw SafeTensorsError(.wrongShape, "tensor '\(name)' is \(tensor.shape), expected \(shape)")
    }
    let count = tensor.data.count / MemoryLayout<Element>.stride
    return [Element](unsafeUninitializedCapacity: count) { buffer, initialized in
      tensor.data.copyBytes(to: UnsafeMutableRawBufferPointer(buffer))
      initialized = count
    }
  }

  /// The values of an `F32` tensor; see `values(_:of:shape:)`.
  ///
  /// - Throws: `SafeTensorsError` when there is no such tensor, or it has another type or shape.
  package func floats(_ name: String, shape: [Int]? = nil) throws -> [Float] {
    try values(name, of: Float.self, shape: shape)
  }
}
