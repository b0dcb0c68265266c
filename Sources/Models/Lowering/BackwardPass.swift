import Programs

/// The gradient buffers of a part.
struct GradientPlaces {
  /// The part's whole arena.
  let arena: Buffer
  /// The tensors in it, in state order.
  let tensors: [Buffer]
  /// Chunk-wise gradients of the convolutions; nil if none trains.
  let partials: Buffer?
  /// Tensors that train, in state order.
  let trainable: Set<Int>
}

extension Lowering {
  /// Gradients of all trainable tensors, last layer first, given the gradient with respect to the last layer's result
  /// before its activation.
  ///
  /// Layers below the lowest trainable one get no operation, and that layer itself no input gradient: frozen layers
  /// cost nothing here. The weight gradients of linear layers, which sum over the whole part, come last: everything
  /// before them works chunk by chunk, so that a backend may run all of it on one chunk at a time.
  mutating func lowerBackward(
    _ pass: ForwardPass, _ outputGradient: Buffer, _ places: GradientPlaces, _ style: PassStyle
  ) throws {
    guard let lowest = places.trainable.map({ table.parameters[$0].layer }).min() else { return }
    let last = architecture.layers.count - 1
    var gradient = outputGradient
    var sums: [Operation] = []
    for index in architecture.layers.indices.reversed() where index >= lowest {
      // The loss has already handled the last layer's activation.
      if index < last { gradient = try backThroughFollow(index, gradient, pass, style.prefix) }
      let layer = architecture.layers[index]
      let site = site(index, pass, style)
      // Named after what it is the gradient of: the input of this layer.
      let below =
        index > lowest
        ? images(
          "\(style.prefix)\(layer.name).input.gradient", batch: site.input.buffer.images!.batch, site.shape)
        : nil
      sums += try layer.definition.backward(site, gradient, below: below, pass, places, &self)
      if let below { gradient = below }
    }
    operations += sums
  }
}
