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

  /// Ends the chain of the element whose vectors are `index` and `index + 1`, and stores it.
  @inline(__always) func store(_ output: MutableImages, _ index: Int, _ low: Lanes, _ high: Lanes) {
    let zero = Lanes(repeating: 0)
    var (a, b) = (low + zero, high + zero)
    if let mask {
      a = choose(mask[index] .> zero, a * scale, zero)
      b = choose(mask[index + 1] .> zero, b * scale, zero)
    } else if function == .relu {
      a = choose(a .> zero, a, zero)
      b = choose(b .> zero, b, zero)
    } else if function != .identity {
      a = curve(a, function)
      b = curve(b, function)
    }
    output[index] = a
    output[index + 1] = b
  }
}

/// The activations that take more than a selection. Kept out of line: next to a hot loop they make it spill.
@inline(never) func curve(_ x: Lanes, _ function: Epilogue.Function) -> Lanes {
  switch function {
  case .sigmoid: Elementary.sigmoid(x)
  case .tanh: Elementary.tanh(x)
  case .softplus: Elementary.softplus(x)
  case .relu: choose(x .> Lanes(repeating: 0), x, Lanes(repeating: 0))
  case .identity: x
  }
}
