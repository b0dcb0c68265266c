/// One file of OpenCL C, embedded in the binary. Programs are made of several, joined in order: no file
/// includes another.
package struct KernelSource: Sendable {
  /// Name of the file, for error messages.
  package let name: String
  /// Its text, UTF-8.
  package let text: [UInt8]

  init(_ name: String, _ text: [UInt8]) {
    self.name = name
    self.text = text
  }

  /// What every program starts with: arithmetic, functions, random numbers and the order of sums.
  package static let common: [KernelSource] = [
    KernelSource("arithmetic.cl", PackageResources.arithmetic_cl),
    KernelSource("elementary.cl", PackageResources.elementary_cl),
    KernelSource("philox.cl", PackageResources.philox_cl),
    KernelSource("formulas.cl", PackageResources.formulas_cl),
    KernelSource("layout.cl", PackageResources.layout_cl),
    KernelSource("random.cl", PackageResources.random_cl),
    KernelSource("lanes.cl", PackageResources.lanes_cl),
  ]

  /// The program that every ``Kernel`` is in.
  package static let operations: [KernelSource] =
    common + [
      KernelSource("batch.cl", PackageResources.batch_cl),
      KernelSource("parameters.cl", PackageResources.parameters_cl),
      KernelSource("tile.cl", PackageResources.tile_cl),
      KernelSource("convolution_down.cl", PackageResources.convolution_down_cl),
      KernelSource("convolution_up.cl", PackageResources.convolution_up_cl),
      KernelSource("convolution_weight.cl", PackageResources.convolution_weight_cl),
      KernelSource("weight_gradient.cl", PackageResources.weight_gradient_cl),
      KernelSource("initialise.cl", PackageResources.initialise_cl),
      KernelSource("gather.cl", PackageResources.gather_cl),
      KernelSource("conv2d.cl", PackageResources.conv2d_cl),
      KernelSource("conv_transpose2d.cl", PackageResources.conv_transpose2d_cl),
      KernelSource("linear.cl", PackageResources.linear_cl),
      KernelSource("flatten.cl", PackageResources.flatten_cl),
      KernelSource("activation.cl", PackageResources.activation_cl),
      KernelSource("leaky_relu.cl", PackageResources.leaky_relu_cl),
      KernelSource("dropout.cl", PackageResources.dropout_cl),
      KernelSource("losses.cl", PackageResources.losses_cl),
      KernelSource("cross_entropy.cl", PackageResources.cross_entropy_cl),
      KernelSource("reparameterize.cl", PackageResources.reparameterize_cl),
      KernelSource("importance.cl", PackageResources.importance_cl),
      KernelSource("sums.cl", PackageResources.sums_cl),
      KernelSource("clip_norm.cl", PackageResources.clip_norm_cl),
      KernelSource("update.cl", PackageResources.update_cl),
    ]

  /// The program of bit traps that a device must pass.
  package static let probe: [KernelSource] = common + [KernelSource("probe.cl", PackageResources.probe_cl)]
}
