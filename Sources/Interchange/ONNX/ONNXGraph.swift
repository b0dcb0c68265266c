import Foundation
import Models
import Programs
import Training

/// Layers as ONNX nodes: `NAME` for a layer's result, `NAME.activation` for that of its activation.
struct ONNXGraph {
  /// The graph.
  private(set) var message = ONNXGraphProto()
  private let weights: Weights
  private let architecture: Architecture
  private let image: MapShape

  init(_ weights: Weights, part: ModelPart) throws {
    self.weights = weights
    architecture = weights.configuration.architecture
    image = weights.configuration.imageShape
    message.name = "\(weights.configuration.model.rawValue).\(part.rawValue)"
    let shapes = try architecture.shapes()
    let code = architecture.codeLayer
    switch part {
    case .encoder:
      _ = addEncoder(shapes)
      declareCode(shapes[code])
    case .decoder:
      declare(&message.input, "code", shapes[code], "a latent code")
      addDecoder("code", shapes)
    case .model, .classifier:
      addDecoder(addEncoder(shapes), shapes)
      if part == .model { declareCode(shapes[code]) }
    }
  }

  // MARK: - Parts

  /// Layers from the image to `code`; returns that name.
  private mutating func addEncoder(_ shapes: [MapShape]) -> String {
    declare(
      &message.input, "image", image, "channels, height, width; values from 0 to 1: bytes divided by 255")
    var value = "image"
    if architecture.input != image { value = flatten(value, "image.flatten") }
    for layer in architecture.layers[...architecture.codeLayer] { value = add(layer, value) }
    return rename(value, "code")
  }

  /// Layers after `code`, and what turns logits into pixels or probabilities.
  private mutating func addDecoder(_ code: String, _ shapes: [MapShape]) {
    var value = code
    for layer in architecture.layers[(architecture.codeLayer + 1)...] { value = add(layer, value) }
    let (configuration, last) = (weights.configuration, shapes.last!)
    if configuration.classifies {
      value = rename(value, "logits")
      declare(&message.output, "logits", last, "of classes")
      add("Softmax", [value], to: "probabilities", [integer("axis", 1)])
      return declare(&message.output, "probabilities", last, "of classes")
    }
    let isImage = last.count == image.count
    if isImage, last != image { value = reshape(value, "reconstruction.reshape", to: image) }
    let shape = isImage ? image : last
    if configuration.outputsAreLogits {
      value = rename(value, "logits")
      add("Sigmoid", [value], to: "reconstruction")
      declare(&message.output, "reconstruction", shape, "pixels from 0 to 1")
      return declare(&message.output, "logits", shape, "of pixels")
    }
    _ = rename(value, "reconstruction")
    declare(&message.output, "reconstruction", shape, "pixels from 0 to 1")
  }

  /// The outputs of an encoder.
  private mutating func declareCode(_ shape: MapShape) {
    declare(&message.output, "code", shape, architecture.isVariational ? "a posterior's mean" : "latent code")
    guard architecture.isVariational else { return }
    declare(&message.output, "logvar", shape, "logarithm of a posterior's variance")
  }

  private func declare(
    _ values: inout [ONNXValueInfoProto], _ name: String, _ shape: MapShape, _ about: String
  ) {
    let sizes = shape.isFeatures ? [shape.count] : [shape.channels, shape.height, shape.width]
    values.append(
      .with {
        $0.name = name
        $0.docString = about
        $0.type.tensorType.elemType = .float
        $0.type.tensorType.shape.dim =
          [.with { $0.dimParam = "batch" }] + sizes.map { size in .with { $0.dimValue = Int64(size) } }
      })
  }

  // MARK: - Layers

  /// A layer and its activation; returns the name of the output.
  private mutating func add(_ layer: Layer, _ input: String) -> String {
    let name = layer.name
    switch layer.form {
    case .linear: linear(name, input, to: name)
    case .convolution(let stride, let padding):
      add("Conv", [input] + parameters(name), to: name, window(name, stride, padding))
    case .transposedConvolution(let stride, let padding, let output):
      let more = integers("output_padding", [output.height, output.width])
      add("ConvTranspose", [input] + parameters(name), to: name, window(name, stride, padding) + [more])
    case .flatten: return flatten(input, name)
    case .unflatten(let shape): return reshape(input, name, to: shape)
    case .posterior:
      linear("\(name).mu", input, to: "\(name).mu")
      linear("\(name).logvar", input, to: "logvar")
      return "\(name).mu"
    }
    let result = "\(name).activation"
    switch layer.activation {
    case .identity: return name
    case .relu: add("Relu", [name], to: result)
    case .sigmoid: add("Sigmoid", [name], to: result)
    case .tanh: add("Tanh", [name], to: result)
    case .softplus: add("Softplus", [name], to: result)
    case .leakyReLU(let slope): add("LeakyRelu", [name], to: result, [number("alpha", slope)])
    }
    return result
  }

  private mutating func linear(_ module: String, _ input: String, to output: String) {
    add("Gemm", [input] + parameters(module), to: output, [integer("transB", 1)])
  }

  private mutating func flatten(_ input: String, _ name: String) -> String {
    add("Flatten", [input], to: name, [integer("axis", 1)])
    return name
  }

  /// [batch, count] as [batch, C, H, W]; 0 keeps the input's size.
  private mutating func reshape(_ input: String, _ name: String, to shape: MapShape) -> String {
    let sizes = [0, shape.channels, shape.height, shape.width].map { Int64($0).littleEndian }
    message.initializer.append(
      .with {
        $0.name = "\(name).shape"
        $0.dataType = .int64
        $0.dims = [Int64(sizes.count)]
        $0.rawData = sizes.withUnsafeBytes { Data($0) }
      })
    add("Reshape", [input, "\(name).shape"], to: name)
    return name
  }

  /// Adds weight and bias of a module; returns their names.
  private mutating func parameters(_ module: String) -> [String] {
    let names = ["\(module).weight", "\(module).bias"]
    for name in names {
      // Names come from the architecture that the state was read for.
      let tensor = weights.state.parameters.first { $0.name == name }!
      message.initializer.append(
        .with {
          $0.name = name
          $0.dataType = .float
          $0.dims = tensor.shape.map(Int64.init)
          $0.rawData = tensor.values.withUnsafeBytes { Data($0) }
        })
    }
    return names
  }

  /// Attributes that convolutions of either kind share.
  private func window(_ name: String, _ stride: Int, _ padding: Int) -> [ONNXAttributeProto] {
    let shape = weights.state.parameters.first { $0.name == "\(name).weight" }!.shape
    return [
      integers("kernel_shape", Array(shape[2...])), integers("strides", [stride, stride]),
      integers("pads", [padding, padding, padding, padding]),
    ]
  }

  // MARK: - Nodes

  private mutating func add(
    _ operation: String, _ inputs: [String], to output: String, _ attributes: [ONNXAttributeProto] = []
  ) {
    message.node.append(
      .with {
        $0.opType = operation
        $0.name = output
        $0.input = inputs
        $0.output = [output]
        $0.attribute = attributes
      })
  }

  /// Renames an unused value to an output name; returns the name.
  private mutating func rename(_ value: String, _ name: String) -> String {
    let index = message.node.lastIndex { $0.output == [value] }!
    message.node[index].output = [name]
    return name
  }

  private func integer(_ name: String, _ value: Int) -> ONNXAttributeProto {
    .with { ($0.name, $0.type, $0.i) = (name, .int, Int64(value)) }
  }

  private func integers(_ name: String, _ values: [Int]) -> ONNXAttributeProto {
    .with { ($0.name, $0.type, $0.ints) = (name, .ints, values.map(Int64.init)) }
  }

  private func number(_ name: String, _ value: Float) -> ONNXAttributeProto {
    .with { ($0.name, $0.type, $0.f) = (name, .float, value) }
  }
}

extension MapShape {
  /// Whether it is a vector of features.
  fileprivate var isFeatures: Bool { height == 1 && width == 1 }
}
