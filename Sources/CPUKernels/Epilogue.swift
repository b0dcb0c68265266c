import Numerics

/// What happens to a finished chain before it is stored.
public struct Epilogue: @unchecked Sendable {
  /// Functions that an epilogue can apply.
  public enum Function: Sendable {
    case identity, relu, sigmoid, tanh, softplus
  }
  let function: Function
  /// Where the chains start: one float a channel, or +0.
  let bias: UnsafePointer<Float>?
  /// Gradients pass only where this stored output is positive, then times `scale`.
  let mask: Images?
  let scale: Float
  /// Chains go on from what stands in the output.
  let continues: Bool

  /// A forward epilogue: chains start from `bias`, `function` follows.
  public init(bias: UnsafePointer<Float>, function: Function) {
    self.bias = bias
    self.function = function
    mask = nil
    scale = 1
    continues = false
  }

  /// A backward epilogue: chains start from +0 or from what stands in the output; the mask selects.
  public init(mask: Images?, scale: Float, continues: Bool) {
    bias = nil
    function = .identity
    self.mask = mask
    self.scale = scale
    self.continues = continues
  }

  /// The value a chain of `channel` starts from.
  @inline(__always) func start(_ channel: Int) -> Lanes {
    if let bias { Lanes(repeating: bias[channel]) } else { Lanes(repeating: 0) }
  }

  /// Ends the chain of the element whose vectors are `index` and `index + 1`, and stores it. Functions that take
  /// more than a selection follow row by row: see ``finish(_:_:pixels:step:channels:)``.
  @inline(__always) func store(_ output: MutableImages, _ index: Int, _ low: Lanes, _ high: Lanes) {
    let zero = Lanes(repeating: 0)
    var (a, b) = (low + zero, high + zero)
    if let mask {
      a = choose(mask[index] .> zero, a * scale, zero)
      b = choose(mask[index + 1] .> zero, b * scale, zero)
    } else if function == .relu {
      a = choose(a .> zero, a, zero)
      b = choose(b .> zero, b, zero)
    }
    output[index] = a
    output[index + 1] = b
  }

  /// Applies a curved function to a finished row: `channels` elements at each of `pixels` places from `first`
  /// on, `step` vectors apart. Away from the chains, where it would wait for each result and make them spill.
  @inline(__always) func finish(
    _ output: MutableImages, _ first: Int, pixels: Int, step: Int, channels: Int
  ) {
    if function == .identity || function == .relu { return }
    curveRow(output + first, pixels: pixels, step: step, vectors: 2 * channels, function)
  }
}

@inline(never) private func curveRow(
  _ output: MutableImages, pixels: Int, step: Int, vectors: Int, _ function: Epilogue.Function
) {
  switch function {
  case .sigmoid: forEachVector(output, pixels, step, vectors) { Elementary.sigmoid($0) }
  case .tanh: forEachVector(output, pixels, step, vectors) { Elementary.tanh($0) }
  case .softplus: forEachVector(output, pixels, step, vectors) { Elementary.softplus($0) }
  case .relu, .identity: return
  }
}

@inline(__always) private func forEachVector(
  _ output: MutableImages, _ pixels: Int, _ step: Int, _ vectors: Int, _ function: (Lanes) -> Lanes
) {
  for pixel in 0..<pixels {
    let place = output + pixel * step
    for i in 0..<vectors { place[i] = function(place[i]) }
  }
}

/// One vector through an activation.
@inline(__always) func curve(_ x: Lanes, _ function: Epilogue.Function) -> Lanes {
  switch function {
  case .sigmoid: Elementary.sigmoid(x)
  case .tanh: Elementary.tanh(x)
  case .softplus: Elementary.softplus(x)
  case .relu: Formulas.relu(x)
  case .identity: x
  }
}
