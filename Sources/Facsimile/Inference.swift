import Models
import Numerics
import Programs
import Training

extension TrainedModel {
  /// The latent code of every image, [N][latent]; a variational autoencoder's mean. No noise is added.
  ///
  /// - Throws: `TrainingError` if the images are of another shape; the device's error.
  public func encode(_ images: Images) throws -> [[Float]] { try evaluator(images).codes() }

  /// The decoded images of codes, [N][C · H · W] in the order (channel, y, x), 0 (black) to 1 if the
  /// last layer is a sigmoid or gives logits of pixels.
  ///
  /// - Parameter codes: [N][latent].
  /// - Throws: `ProgramError` if a code has another width, `TrainingError` for a classifier; the device's error.
  public func decode(_ codes: [[Float]]) throws -> [[Float]] {
    try requireImages("decodes no codes")
    return codes.isEmpty ? [] : try Decoder(weights, backend: device.backend).outputs(codes)
  }

  /// The reconstruction of every image, [N][C · H · W] as from ``decode(_:)``; a variational autoencoder decodes the
  /// mean of its code.
  ///
  /// - Parameters:
  ///   - images: of the model's image shape.
  ///   - noise: standard deviation of normal noise that is added to the images first, 0 to 10: a denoising autoencoder
  ///     is then tested on clean images. Images that are already noisy need none.
  /// - Throws: `TrainingError` if the images are of another shape, the noise is out of range, or for a classifier;
  ///   the device's error.
  public func reconstruct(_ images: Images, noise: Double = 0) throws -> [[Float]] {
    try requireImages("makes no images")
    guard (0...10).contains(noise) else {
      throw TrainingError(.data, "noise is \(noise): expected a number from 0 to 10")
    }
    return try evaluator(images, noise: noise).outputs()
  }

  /// New images, [count][C · H · W]: decoded from codes of the prior N(0, I).
  ///
  /// Formula: element e of code n is the standard normal number of the numerics contract for (seed, stream of
  /// evaluation samples, sample n, element e). So the first images are the same however many are requested.
  ///
  /// - Throws: `TrainingError` if the model is not variational, so that the distribution of its codes is unknown,
  ///   or `count` is negative; the device's error.
  public func sample(_ count: Int, seed: UInt64 = 0) throws -> [[Float]] {
    guard configuration.architecture.isVariational else {
      throw TrainingError(
        .model,
        "\(configuration.model.rawValue) cannot be sampled: it has no prior over codes; train vae or conv-vae, or decode "
          + "codes of your own")
    }
    guard count >= 0, count <= Int(Int32.max) else {
      throw TrainingError(.data, "count is \(count): expected a whole number from 0 to \(Int32.max)")
    }
    let width = try configuration.architecture.codeWidth
    let stream = RandomStream.evaluationReparameterization
    let codes = ArithmeticMode.standard {
      (0..<count).map { stream.normals(seed: seed, sample: UInt32($0), count: width) }
    }
    return try decode(codes)
  }

  /// The class of every image.
  ///
  /// - Throws: `TrainingError` if the model is no classifier, or the images are of another shape; the device's error.
  public func classify(_ images: Images) throws -> [Classification] {
    guard configuration.classifies else {
      throw TrainingError(
        .model,
        "\(configuration.model.rawValue) does not classify: it was not trained with the loss cross-entropy")
    }
    return try evaluator(images).outputs().map(Self.classification)
  }

  /// The loss of every image: its mean squared error over values, its cross-entropy summed over values, or that of its
  /// class, as ``Configuration/loss`` says. A variational autoencoder decodes its mean, and the KL divergence is left out.
  /// No noise is added.
  ///
  /// - Throws: `TrainingError` if the images are of another shape, or have no labels for a classifier; the device's
  ///   error.
  public func losses(of images: Images) throws -> [Float] { try evaluator(images).losses() }

  /// Means over the images as validation computes them: `loss`, `accuracy`, `reconstruction`, `kl-divergence`, `elbo`;
  /// with the configuration's noise, and a sampled posterior. A classifier's confusion matrix too.
  ///
  /// - Throws: as ``losses(of:)``.
  public func evaluate(_ images: Images) throws -> Evaluation {
    try Evaluator(weights, images: images.stored, backend: device.backend).evaluate()
  }

  private func evaluator(_ images: Images, noise: Double = 0) throws -> Evaluator {
    try Evaluator(weights, images: images.stored, backend: device.backend, mode: .mean, noise: noise)
  }

  /// Throws: `TrainingError` for a classifier.
  private func requireImages(_ problem: String) throws {
    guard configuration.classifies else { return }
    throw TrainingError(.model, "\(configuration.model.rawValue) \(problem): it gives classes (use classify)")
  }

  /// Softmax with the contract's exponential, summed in ascending order of classes.
  private static func classification(_ logits: [Float]) -> Classification {
    let label = logits.indices.reduce(0) { logits[$1] > logits[$0] ? $1 : $0 }
    let parts = logits.map { Elementary.exp($0 - logits[label]) }
    let sum = parts.reduce(0, +)
    return Classification(label: label, probabilities: parts.map { $0 / sum })
  }
}

extension Architecture {
  /// Values of a latent code.
  fileprivate var codeWidth: Int {
    get throws { try shapes()[codeLayer].count }
  }
}
