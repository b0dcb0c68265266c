import Numerics
import Programs

/// One layer of a model, with its activation and dropout. Each kind has its own file, with its
/// shape, its parameters, its forward and its backward pass.
public struct Layer: Hashable, Sendable, CustomStringConvertible {
  let definition: any LayerDefinition

  init(_ definition: any LayerDefinition) { self.definition = definition }

  /// PyTorch's name of the module: `encoder.conv1`.
  public var name: String { definition.name }

  /// Everything that defines the layer's computation, in one line.
  public var description: String { definition.description }

  /// Shape of the output for one image.
  ///
  /// Throws: `ProgramError` if the layer cannot take `input`.
  public func output(of input: MapShape) throws -> MapShape { try definition.output(of: input) }

  public static func == (a: Layer, b: Layer) -> Bool {
    AnyHashable(a.definition) == AnyHashable(b.definition)
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(AnyHashable(definition)) }
}

/// A kind of layer.
protocol LayerDefinition: Hashable, Sendable, CustomStringConvertible {
  /// PyTorch's name of the module. For a posterior the name before `mu` and `logvar`.
  var name: String { get }
  /// The computation of the layer's own result.
  var form: LayerForm { get }
  /// What follows the layer's own result.
  var follow: Follow { get }
  /// Shape of the output for one image.
  ///
  /// Throws: `ProgramError` if the layer cannot take `input`.
  func output(of input: MapShape) throws -> MapShape
  /// Weights and biases of the modules in this layer; none for shape changes.
  func modules(_ input: MapShape) throws -> [ModuleShape]
  /// Appends the layer's operations; returns the output, including activation and dropout.
  func forward(_ site: LayerSite, _ pass: inout ForwardPass, _ lowering: inout Lowering) throws -> Value
  /// Appends the gradient with respect to the input, into `below` unless that is nil, and the gradients of parameters
  /// that come chunk by chunk; returns those that sum over the whole part, which come last in a program.
  ///
  /// `gradient` is with respect to the layer's own result, before activation and dropout.
  func backward(
    _ site: LayerSite, _ gradient: Buffer, below: Buffer?, _ pass: ForwardPass, _ places: GradientPlaces,
    _ lowering: inout Lowering
  ) throws -> [Operation]
}

extension LayerDefinition {
  var follow: Follow { Follow() }
  func modules(_ input: MapShape) throws -> [ModuleShape] { [] }
}

/// A layer's place in a pass that is being lowered.
struct LayerSite {
  /// Index in the architecture.
  let index: Int
  /// Its input.
  let input: Value
  let style: PassStyle
  /// Name of its result.
  let name: String
  /// The buffer of its result.
  let storage: Buffer.Storage

  /// Shape of one input image.
  var shape: MapShape { input.buffer.images!.shape }
}

/// Shapes of one module's weight and bias.
struct ModuleShape {
  let name: String
  let weight: ParameterShape
  let outputs: Int
  let isConvolution: Bool

  /// PyTorch's fan-in: dimension 1 times the kernel's taps. For a transposed
  /// convolution, whose weight is (in, out, kh, kw), that is its number of *outputs* times the taps.
  var fanIn: Int { weight.big * weight.kernel * weight.kernel }
}
