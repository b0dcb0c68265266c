import Foundation

extension SafeTensors {
  /// The values of a tensor of floating-point numbers as binary32, last dimension fastest; for reading weights of
  /// other programs.
  ///
  /// F16 and BF16 are widened, which is exact; F64 is accepted if every value is a binary32.
  ///
  /// - Parameters:
  ///   - name: the tensor's name.
  ///   - shape: the shape it must have.
  /// - Throws: `SafeTensorsError` when there is no such tensor, it has another shape, is of another type, or holds a
  ///   binary64 that no binary32 equals. NaN passes.
  package func widenedFloats(_ name: String, shape: [Int]) throws -> [Float] {
    let tensor = try tensor(name)
    guard tensor.shape == shape else {
      throw SafeTensorsError(.wrongShape, "tensor '\(name)' is \(tensor.shape), expected \(shape)")
    }
    switch tensor.dataType {
    case .f32: return try floats(name)
    case .f16: return tensor.words(UInt16.self).map(Self.float(half:))
    case .bf16: return tensor.words(UInt16.self).map { Float(bitPattern: UInt32($0) << 16) }
    case .f64: return try Self.exactly(tensor.words(UInt64.self), name)
    default:
      throw SafeTensorsError(
        .wrongType, "tensor '\(name)' is \(tensor.dataType.rawValue), expected F32, F16, BF16 or F64")
    }
  }

  private static func exactly(_ words: [UInt64], _ name: String) throws -> [Float] {
    try words.enumerated().map { index, word in
      let value = Double(bitPattern: word)
      let narrow = Float(value)
      guard Double(narrow) == value || value.isNaN else {
        throw SafeTensorsError(
          .wrongType,
          "tensor '\(name)' is F64, and its value \(index), \(value), does not fit an F32 exactly: round the weights to F32 "
            + "first")
      }
      return narrow
    }
  }

  /// A binary16 as binary32. x86-64 has no Swift type for it.
  static func float(half: UInt16) -> Float {
    let sign = UInt32(half & 0x8000) << 16
    let (exponent, fraction) = (UInt32(half >> 10 & 0x1F), UInt32(half & 0x3FF))
    switch exponent {
    case 0:
      // Zero and subnormals: multiples of 2⁻²⁴.
      let magnitude = Float(fraction) * 0x1p-24
      return Float(bitPattern: sign | magnitude.bitPattern)
    case 0x1F: return Float(bitPattern: sign | 0x7F80_0000 | fraction << 13)
    default: return Float(bitPattern: sign | (exponent + 112) << 23 | fraction << 13)
    }
  }
}

extension SafeTensors.Tensor {
  /// The elements as words of their size.
  fileprivate func words<Word: FixedWidthInteger & BitwiseCopyable>(_: Word.Type) -> [Word] {
    [Word](unsafeUninitializedCapacity: data.count / MemoryLayout<Word>.size) { buffer, initialized in
      data.copyBytes(to: UnsafeMutableRawBufferPointer(buffer))
      initialized = buffer.count
    }
  }
}
