import Kernels
import Programs

/// What a layer's kernel does with its sums before it stores them. On a GPU it takes in the operations that follow, as a
/// launch there costs more than they do; on a CPU only what the layer's descriptor says.
struct Epilogue {
  /// Where the results go.
  private(set) var output: Buffer
  /// ACTIVATION_… in kernels.
  private var activation = KernelPrelude.number(.identity)
  private var slope: Float = 0
  /// The output of the layer below, and what followed there.
  private var mask: (output: Buffer, kind: KernelPrelude.Mask, scale: Float)?
  /// The map whose features are stored in its order, or the other way round.
  private var map: MapShape?
  private var isMaskReordered = false
  private let isForward: Bool
  /// Whether the layer's kernel can store features as a map or a map as features.
  private let canReorder: Bool

  /// The epilogue of a layer alone; nil for other operations.
  init?(_ descriptor: any Descriptor) {
    switch descriptor {
    case let d as LinearForward: self.init(d.output, d.activation)
    case let d as ConvolutionForward:
      self.init(d.output, d.activation, canReorder: d.convolution.direction == .down)
    case let d as LinearBackwardInput: self.init(d.inputGradient, d.mask)
    case let d as ConvolutionBackwardInput:
      self.init(d.inputGradient, d.mask, canReorder: d.convolution.direction == .up)
    default: return nil
    }
  }

  private init(_ output: Buffer, _ activation: Activation, canReorder: Bool = true) {
    (self.output, self.canReorder, isForward) = (output, canReorder, true)
    self.activation = KernelPrelude.number(activation)
  }

  private init(_ output: Buffer, _ mask: ReLUMask?, canReorder: Bool = true) {
    (self.output, self.canReorder, isForward) = (output, canReorder, false)
    self.mask = mask.map { ($0.output, .relu, $0.scale) }
  }

  /// Takes in the operation after the layer; false if it cannot.
  mutating func takeIn(_ descriptor: any Descriptor) -> Bool {
    switch descriptor {
    case let d as LeakyReLUForward:
      guard d.input == output, isForward, activation == KernelPrelude.number(.identity) else { return false }
      (activation, slope, output) = (KernelPrelude.leakyReLU, d.slope, d.output)
    case let d as LeakyReLUBackward:
      guard d.outputGradient == output, !isForward, mask == nil else { return false }
      (mask, isMaskReordered, output) = ((d.output, .leakyRelu, d.slope), map != nil, d.inputGradient)
    case let d as Flatten:
      guard d.input == output, reorder(d.input.images!.shape, d.output) else { return false }
    case let d as Unflatten:
      guard d.input == output, reorder(d.output.images!.shape, d.output) else { return false }
    default: return false
    }
    return true
  }

  private mutating func reorder(_ shape: MapShape, _ reordered: Buffer) -> Bool {
    guard canReorder, map == nil else { return false }
    (map, output) = (shape, reordered)
    return true
  }

  /// Arguments of a forward kernel.
  var forward: [Argument] { [.int(activation), .float(slope)] }

  /// Arguments of a kernel of input gradients. Without a mask, any buffer will do: it is not read.
  var maskOutput: Argument { .buffer(mask?.output ?? output) }
  var backward: [Argument] {
    [.int((mask?.kind ?? .none).rawValue), .float(mask?.scale ?? 1)]
  }

  /// Whether a convolution stores its map as features, and whether the mask is stored so.
  var isFlattened: Argument { .flag(map != nil) }
  var isMaskFlattened: Argument { .flag(isMaskReordered) }

  /// How a linear layer stores its features, and whether the mask is stored so.
  var mapSizes: [Argument] { [.int(map?.channels ?? 0), .int(map.map { $0.height * $0.width } ?? 0)] }
}
