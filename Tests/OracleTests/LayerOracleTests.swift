import Programs
import TestSupport
import Testing

/// Layers with weights and activations against PyTorch in double, forward and backward.
@Suite struct LayerOracleTests {
  @Test("there are cases of every kind")
  func cases() {
    #expect(OperationGolden.cases("conv2d").count == 9)
    #expect(OperationGolden.cases("conv_transpose2d").count == 9)
    #expect(OperationGolden.cases("linear").count == 4)
    #expect(OperationGolden.cases("relu", "sigmoid", "tanh", "softplus").count == 4)
  }

  @Test("convolutions", arguments: TestDevice.all, OperationGolden.cases("conv2d", "conv_transpose2d"))
  func convolution(_ device: TestDevice, _ golden: OperationGolden) throws {
    let t = try golden.tensors()
    let (batch, input) = try t.images("input")
    let output = try t.images("output").shape
    let about = golden.about
    let geometry =
      about.op == "conv2d"
      ? try ConvolutionGeometry.conv2D(
        input: input, outputs: output.channels, kernel: about.kernel!, stride: about.stride!,
        padding: about.padding!)
      : try ConvolutionGeometry.convTranspose2D(
        input: input, outputs: output.channels, kernel: about.kernel!, stride: about.stride!,
        padding: about.padding!, outputPadding: OutputPadding(about.outputPadding!))
    let layer = Convolution(about.op == "conv2d" ? .down : .up, geometry, batch: batch)
    #expect(layer.output == output)

    var bench = OperationBench()
    let x = bench.images("input", batch, input, try t("input"))
    let dy = bench.images("output gradient", batch, output, try t("output_gradient"))
    let weight = bench.parameter("weight", geometry.weight, try t("weight"))
    let bias = bench.parameter("bias", .bias(output.channels), try t("bias"))
    let (y, dx) = (bench.images("output", batch, output), bench.images("input gradient", batch, input))
    bench.add(
      Operation(
        try ConvolutionForward(layer, input: x, weight: weight, bias: bias, output: y, activation: .identity))
    )
    bench.add(
      Operation(
        try ConvolutionBackwardInput(
          layer, outputGradient: dy, weight: weight, inputGradient: dx, mask: nil)))

    let biasOffset = Blocking.wholeSegments(geometry.weight.packedCount)
    let stride = biasOffset + Blocking.wholeSegments(output.channels)
    let gradients = bench.floats("gradients", stride)
    let partials = bench.floats("partials", stride * Blocking.chunks(batch))
    bench.add(
      Operation(
        try ConvolutionBackwardWeight(
          layer, input: x, outputGradient: dy, partials: partials, weightOffset: 0, biasOffset: biasOffset,
          stride: stride)))
    bench.add(
      Operation(
        try SumPartials(
          partials: partials, rows: Blocking.chunks(batch), stride: stride,
          segments: bench.constant("segments", Array(0..<UInt32(stride / Blocking.segment))),
          gradients: gradients)))

    let prepared = try bench.run(on: device.backend)
    let arena = try prepared.floats(gradients)
    try golden.expect(y, "output", prepared)
    try golden.expect(dx, "input_gradient", prepared)
    let (dw, db) = (
      geometry.weight.unpack(arena[...]), ParameterShape.bias(output.channels).unpack(arena[biasOffset...])
    )
    #expect(relativeError(dw, try t("weight_gradient")) <= 1e-5)
    #expect(relativeError(db, try t("bias_gradient")) <= 1e-5)
  }

  @Test("linear layers", arguments: TestDevice.all, OperationGolden.cases("linear"))
  func linear(_ device: TestDevice, _ golden: OperationGolden) throws {
    let t = try golden.tensors()
    let (batch, input) = try t.images("input")
    let output = try t.images("output").shape
    let shape = ParameterShape.linear(outputs: output.channels, inputs: input.channels)

    var bench = OperationBench()
    let x = bench.images("input", batch, input, try t("input"))
    let dy = bench.images("output gradient", batch, output, try t("output_gradient"))
    let weight = bench.parameter("weight", shape, try t("weight"))
    let bias = bench.parameter("bias", .bias(output.channels), try t("bias"))
    let (y, dx) = (bench.images("output", batch, output), bench.images("input gradient", batch, input))
    let dw = bench.parameter("weight gradient", shape)
    let db = bench.parameter("bias gradient", .bias(output.channels))
    bench.add(
      Operation(
        try LinearForward(input: x, weight: weight, bias: bias, output: y, activation: .identity)))
    bench.add(
      Operation(
        try LinearBackwardInput(outputGradient: dy, weight: weight, inputGradient: dx, mask: nil)))
    bench.add(
      Operation(
        try LinearBackwardWeight(input: x, outputGradient: dy, weightGradient: dw, biasGradient: db)))

    let prepared = try bench.run(on: device.backend)
    try golden.expect(y, "output", prepared)
    try golden.expect(dx, "input_gradient", prepared)
    try golden.expect(dw, "weight_gradient", prepared)
    try golden.expect(db, "bias_gradient", prepared)
  }

  @Test(
    "activations", arguments: TestDevice.all, OperationGolden.cases("relu", "sigmoid", "tanh", "softplus"))
  func activation(_ device: TestDevice, _ golden: OperationGolden) throws {
    let t = try golden.tensors()
    let (batch, shape) = try t.images("input")
    let activation = try #require(Activation(rawValue: golden.about.op))

    var bench = OperationBench()
    let x = bench.images("input", batch, shape, try t("input"))
    let dy = bench.images("output gradient", batch, shape, try t("output_gradient"))
    let (y, dx) = (bench.images("output", batch, shape), bench.images("input gradient", batch, shape))
    bench.add(Operation(try ActivationForward(input: x, output: y, activation: activation)))
    bench.add(
      Operation(
        try ActivationBackward(output: y, outputGradient: dy, inputGradient: dx, activation: activation)))

    let prepared = try bench.run(on: device.backend)
    try golden.expect(y, "output", prepared)
    try golden.expect(dx, "input_gradient", prepared)
  }
}
