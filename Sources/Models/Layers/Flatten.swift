import Programs

extension Layer {
  /// A map as features in PyTorch's order: [N, C, H, W] → [N, C·H·W].
  public static func flatten(_ name: String) -> Layer { Layer(FlattenLayer(name: name)) }

  /// Features as a map, the inverse of a flatten: [N, C·H·W] → [N, C, H, W].
  public static func unflatten(_ name: String, to shape: MapShape) -> Layer {
    Layer(UnflattenLayer(name: name, shape: shape))
  }
}

// Flatten and unflatten are each other's gradients. Copying keeps signs, so the copy can serve as the mask of its own
// gradient.

private struct FlattenLayer: LayerDefinition {
  let name: String

  var form: LayerForm { .flatten }
  var description: String { "flatten \(name)" }

  func output(of input: MapShape) throws -> MapShape { .features(input.count) }

  func forward(_ site: LayerSite, _ pass: inout ForwardPass, _ lowering: inout Lowering) throws -> Value {
    let output = lowering.builder.buffer(
      site.name, .images(batch: pass.batch, .features(site.shape.count)), site.storage)
    lowering.append(try Flatten(input: site.input.buffer, output: output))
    return Value(buffer: output, maskScale: site.input.maskScale)
  }

  func backward(
    _ site: LayerSite, _ gradient: Buffer, below: Buffer?, _ pass: ForwardPass, _ places: GradientPlaces,
    _ lowering: inout Lowering
  ) throws -> [Operation] {
    if let below { lowering.append(try Unflatten(input: gradient, output: below)) }
    return []
  }
}

private struct UnflattenLayer: LayerDefinition {
  let name: String
  let shape: MapShape

  var form: LayerForm { .unflatten(shape) }
  var description: String { "unflatten \(name) shape=\(shape.channels)x\(shape.height)x\(shape.width)" }

  func output(of input: MapShape) throws -> MapShape {
    guard input == .features(shape.count) else {
      throw ProgramError(name, "takes \(shape.count) features to make \(shape), got \(input)")
    }
    return shape
  }

  func forward(_ site: LayerSite, _ pass: inout ForwardPass, _ lowering: inout Lowering) throws -> Value {
    let output = lowering.builder.buffer(site.name, .images(batch: pass.batch, shape), site.storage)
    lowering.append(try Unflatten(input: site.input.buffer, output: output))
    return Value(buffer: output, maskScale: site.input.maskScale)
  }

  func backward(
    _ site: LayerSite, _ gradient: Buffer, below: Buffer?, _ pass: ForwardPass, _ places: GradientPlaces,
    _ lowering: inout Lowering
  ) throws -> [Operation] {
    if let below { lowering.append(try Flatten(input: gradient, output: below)) }
    return []
  }
}
