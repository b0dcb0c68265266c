/// The factor that clips the gradients' norm: with c = maximum ÷ (norm + 1e-6), `factor[0] = c < 1 ? c : 1` and
/// `factor[1] = norm`.
///
/// Source: PyTorch's `clip_grad_norm_`. Determinism: each tensor is split, in PyTorch's element order, into chunks of
/// 1,024 elements; in a chunk 8 lanes (i mod 8), each one chain acc = fma(g, g, acc) from +0; lane join; tree over the
/// chunks; tensors by the binary tree in state order; + 0.0; then the square root.
package struct ClipNorm: Descriptor {
  /// Elements in a chunk.
  package static let chunk = 1024
  package let gradients: Buffer
  /// Trainable tensors, regions of `gradients`, in state order.
  package let tensors: [Buffer]
  package let maximum: Float
  /// One float for every chunk of every tensor.
  package let partials: Buffer
  package let factor: Buffer

  /// Throws: ``ProgramError`` if the scratch is too small or the maximum is not positive.
  package init(
    gradients: Buffer, tensors: [Buffer], maximum: Float, partials: Buffer, factor: Buffer
  ) throws {
    try require(maximum > 0 && maximum.isFinite, "clip norm", "maximum is \(maximum), expected above 0")
    try require((1...64).contains(tensors.count), "clip norm", "\(tensors.count) tensors, expected 1...64")
    for tensor in tensors {
      guard case .parameter = tensor.contents else {
        throw ProgramError("clip norm", "\(tensor.name) is no parameter")
      }
    }
    try requireFloats("clip norm", "gradients", gradients, atLeast: 1)
    try requireFloats("clip norm", "scratch", partials, atLeast: tensors.reduce(0) { $0 + Self.chunks($1) })
    try requireFloats("clip norm", "factor", factor, atLeast: 2)
    self.gradients = gradients
    self.tensors = tensors
    self.maximum = maximum
    self.partials = partials
    self.factor = factor
  }

  /// Number of chunks of `tensor`.
  package static func chunks(_ tensor: Buffer) -> Int {
    guard case .parameter(let shape) = tensor.contents else { return 0 }
    return (shape.count + chunk - 1) / chunk
  }

  package var kind: Operation.Kind { .clipNorm }
  package var chunkedBatch: Int? { nil }
  package var reads: [Buffer] { [gradients] }
  package var writes: [Buffer] { [partials, factor] }
  package var results: [Buffer] { [factor] }
  package var flops: Int { 2 * tensors.reduce(0) { $0 + $1.count } }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}
