import CEmbedded
import Foundation

/// One file of OpenCL C, embedded in the binary. A program is several of them, concatenated in order: no file includes
/// another.
package struct KernelSource: Sendable {
  /// Name of the file, for error messages.
  package let name: String
  /// Its text, UTF-8.
  package let text: [UInt8]

  /// The file `name.cl` in `CEmbedded`.
  init(_ name: String) {
    self.name = name + ".cl"
    guard let text = facsimile_kernel(self.name) else {
      fatalError("Sources/CEmbedded/kernels.c does not name \(self.name)")
    }
    self.text = Array(UnsafeRawBufferPointer(start: text, count: strlen(text)))
  }

  /// The beginning of every program: arithmetic, functions, random numbers and the order of sums.
  package static let common: [KernelSource] = [
    "arithmetic", "division", "elementary", "philox", "formulas", "layout", "random", "lanes",
  ].map(KernelSource.init)

  /// The program that contains every ``Kernel``.
  package static let operations: [KernelSource] =
    common
    + [
      "batch", "parameters", "activation", "tile", "staged", "convolution_down", "convolution_up",
      "convolution_weight", "square", "weight_gradient", "lane_gradient", "initialise", "gather", "conv2d",
      "conv_transpose2d", "linear", "weight_gradients", "flatten", "leaky_relu", "dropout", "losses",
      "cross_entropy", "reparameterize", "importance", "sums", "clip_norm", "update",
    ].map(KernelSource.init)

  /// The program of bit traps that a device must pass.
  package static let probe: [KernelSource] = common + [KernelSource("probe")]
}
