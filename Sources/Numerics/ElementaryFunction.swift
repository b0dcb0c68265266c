/// The one-argument functions of the contract, by name, for the sweep over all bit patterns and the probe of a device.
/// The raw value is the name printed; `code` selects it in `elementary_apply`.
public enum ElementaryFunction: String, CaseIterable, Sendable {
  /// `eˣ`.
  case exp
  /// `ln x`.
  case log
  /// `1 / (1 + e⁻ˣ)`.
  case sigmoid
  /// The hyperbolic tangent.
  case tanh
  /// `ln(1 + eˣ)`.
  case softplus
  /// `ln(1 + e^−|x|)`.
  case softplusTail
  /// `sin 2πx`.
  case sineTwoPi
  /// `cos 2πx`.
  case cosineTwoPi
  /// `√x`: tells whether it is correctly rounded on a device.
  case squareRoot
  /// `1 / x`: tells whether quotients are correctly rounded on a device.
  case reciprocal

  /// The number of the function in `Kernels/elementary.cl`: its place in this list.
  public var code: Int32 {
    switch self {
    case .exp: 0
    case .log: 1
    case .sigmoid: 2
    case .tanh: 3
    case .softplus: 4
    case .softplusTail: 5
    case .sineTwoPi: 6
    case .cosineTwoPi: 7
    case .squareRoot: 8
    case .reciprocal: 9
    }
  }
}

extension Elementary {
  /// Applies `function` to `count` consecutive bit patterns from `first` on (wrapping at 2³²) and writes the bits of
  /// the results.
  ///
  /// Inlined, so that a module built for AVX2 and FMA sweeps with those instructions. `result` needs room for `count`
  /// rounded up to a multiple of 8.
  @inlinable @inline(__always)
  public static func sweep(
    _ function: ElementaryFunction, first: UInt32, count: Int, into result: UnsafeMutablePointer<UInt32>
  ) {
    switch function {
    case .exp: sweep(first, count, result) { exp($0) }
    case .log: sweep(first, count, result) { log($0) }
    case .sigmoid: sweep(first, count, result) { sigmoid($0) }
    case .tanh: sweep(first, count, result) { tanh($0) }
    case .softplus: sweep(first, count, result) { softplus($0) }
    case .softplusTail: sweep(first, count, result) { softplusTail($0) }
    case .sineTwoPi: sweep(first, count, result) { sinCosTwoPi($0).sin }
    case .cosineTwoPi: sweep(first, count, result) { sinCosTwoPi($0).cos }
    case .squareRoot: sweep(first, count, result) { squareRoot($0) }
    case .reciprocal: sweep(first, count, result) { 1 / $0 }
    }
  }

  /// One loop for all functions; the closure is inlined away.
  @inlinable @inline(__always)
  static func sweep(
    _ first: UInt32, _ count: Int, _ result: UnsafeMutablePointer<UInt32>, _ function: (Lanes) -> Lanes
  ) {
    let steps = WordLanes(0, 1, 2, 3, 4, 5, 6, 7)
    var start = first
    var index = 0
    while index < count {
      let words = function(Lanes(words: steps &+ start)).words
      UnsafeMutableRawPointer(result + index).storeBytes(of: words, as: WordLanes.self)
      start &+= 8
      index += 8
    }
  }
}
