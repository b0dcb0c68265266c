/// Shape and packed order of one trainable tensor.
///
/// Weights of convolutions (out, in, kh, kw), transposed convolutions (in, out, kh, kw) and linear layers
/// (out, in) all follow one rule: seen as `[small, big, kh, kw]` in PyTorch's order, where *small* is the
/// side of the smaller map, they are stored `[⌈small/4⌉][kh][kw][big][4]`. The four weights that a tile of
/// outputs needs for one tap lie side by side; places beyond `small` hold zeros and stay zero.
package struct ParameterShape: Hashable, Sendable, CustomStringConvertible {
  /// The tensor's dimensions in PyTorch's order.
  package let dimensions: [Int]

  /// Weights `[small, big, kernel, kernel]` of a convolution of either kind.
  package static func convolution(small: Int, big: Int, kernel: Int) -> ParameterShape {
    ParameterShape(dimensions: [small, big, kernel, kernel])
  }

  /// Weights `[outputs, inputs]` of a linear layer.
  package static func linear(outputs: Int, inputs: Int) -> ParameterShape {
    ParameterShape(dimensions: [outputs, inputs])
  }

  /// A bias of `count` values, stored as it is.
  package static func bias(_ count: Int) -> ParameterShape { ParameterShape(dimensions: [count]) }

  /// Number of values in PyTorch's order.
  package var count: Int { dimensions.reduce(1, *) }

  /// Number of stored values, padding included; a bias is padded to whole tiles too.
  package var packedCount: Int { (dimensions[0] + 3) / 4 * 4 * (count / dimensions[0]) }

  /// Kernel width: 1 for linear layers and biases.
  package var kernel: Int { dimensions.count == 4 ? dimensions[3] : 1 }

  /// Width of the big side: 1 for biases.
  package var big: Int { dimensions.count > 1 ? dimensions[1] : 1 }

  /// Packs `values` (PyTorch's order) into `packedCount` floats; padding becomes +0.
  package func pack(_ values: [Float]) -> [Float] {
    precondition(values.count == count, "pack: \(values.count) values for shape \(self)")
    var packed = [Float](repeating: 0, count: packedCount)
    forEachRun { index, place, taps, apart in
      for tap in 0..<taps { packed[place + tap * apart] = values[index + tap] }
    }
    return packed
  }

  /// The inverse of ``pack(_:)``; values beyond `packedCount` are ignored.
  package func unpack(_ packed: ArraySlice<Float>) -> [Float] {
    precondition(packed.count >= packedCount, "unpack: \(packed.count) values for shape \(self)")
    return [Float](unsafeUninitializedCapacity: count) { values, stored in
      packed.withUnsafeBufferPointer { packed in
        forEachRun { index, place, taps, apart in
          for tap in 0..<taps { values[index + tap] = packed[place + tap * apart] }
        }
      }
      stored = count
    }
  }

  /// The taps of one pair of channels at a time: the first one's index in PyTorch's order and its place in the packed
  /// order, how many there are, and how far apart they are packed.
  @inline(__always) private func forEachRun(_ body: (Int, Int, Int, Int) -> Void) {
    let (small, big, taps) = (dimensions[0], big, kernel * kernel)
    var index = 0
    for s in 0..<small {
      for b in 0..<big {
        body(index, (s / 4 * taps * big + b) * 4 + s % 4, taps, big * 4)
        index += taps
      }
    }
  }

  /// `[out, in, kh, kw]` in PyTorch's order.
  package var description: String { "\(dimensions)" }
}
