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

  /// Place in the packed order of the value at `index` in PyTorch's order.
  package func packedIndex(_ index: Int) -> Int {
    let taps = kernel * kernel
    let tap = index % taps
    let b = index / taps % big
    let s = index / taps / big
    return ((s / 4 * taps + tap) * big + b) * 4 + s % 4
  }

  /// Packs `values` (PyTorch's order) into `packedCount` floats; padding becomes +0.
  package func pack(_ values: [Float]) -> [Float] {
    precondition(values.count == count, "pack: \(values.count) values for shape \(self)")
    var packed = [Float](repeating: 0, count: packedCount)
    for (index, value) in values.enumerated() { packed[packedIndex(index)] = value }
    return packed
  }

  /// The inverse of ``pack(_:)``.
  package func unpack(_ packed: some RandomAccessCollection<Float>) -> [Float] {
    precondition(packed.count >= packedCount, "unpack: \(packed.count) values for shape \(self)")
    return (0..<count).map { packed[packed.index(packed.startIndex, offsetBy: packedIndex($0))] }
  }

  /// `[out, in, kh, kw]` in PyTorch's order.
  package var description: String { "\(dimensions)" }
}
