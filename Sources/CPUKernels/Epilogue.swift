import Numerics

/// What happens to a finished chain before it is stored.
public struct Epilogue: @unchecked Sendable {
  /// Functions that an epilogue can apply.
  public enum Function: Sendable {
    case identity, relu, sigmoid, tanh, softplus
  }
  public let function: Function
  /// Where the chains start: one float per channel, or +0.
  public let bias: UnsafePointer<Float>?
  /// Gradients pass only where this stored output is positive, multiplied by `scale`.
  public let mask: Images?
  public let scale: Float
  /// Chains continue from the values in the output.
  public let continues: Bool

  /// A forward epilogue: chains start from `bias`, `function` follows.
  public init(bias: UnsafePointer<Float>, function: Function) {
    self.bias = bias
    self.function = function
    mask = nil
    scale = 1
    continues = false
  }

  /// A backward epilogue: chains start from +0 or from the values in the output; the mask selects.
  public init(mask: Images?, scale: Float, continues: Bool) {
    bias = nil
    function = .identity
    self.mask = mask
    self.scale = scale
    self.continues = continues
  }
}

/// Applies a non-linear function to a row: `vectors` vectors at each of `pixels` places, `step` vectors apart.
@inline(never) public func curveRow(
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
