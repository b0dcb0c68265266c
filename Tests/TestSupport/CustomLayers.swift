import Models
import Programs

extension Architecture {
  /// An autoencoder of layers that no built-in model has: kernels of 4 pixels, tanh inside, dropout in one place
  /// only, names of their own.
  ///
  /// - Parameter code: width of the linear code.
  package static func mirror(code: Int) -> Architecture {
    Architecture(
      input: MapShape(1, 28, 28),
      encoder: [
        .conv2D("down.outer", outputs: 5, kernel: 4, stride: 2, padding: 1, activation: .tanh),
        .conv2D("down.inner", outputs: 6, kernel: 3, stride: 2, padding: 1, activation: .tanh),
        .flatten("down.flatten"),
        .linear("down.code", outputs: code),
      ],
      decoder: [
        .linear("up.code", outputs: 6 * 7 * 7, activation: .tanh, dropout: 0.1),
        .unflatten("up.map", to: MapShape(6, 7, 7)),
        .convTranspose2D(
          "up.inner", outputs: 5, kernel: 3, stride: 2, padding: 1, outputPadding: OutputPadding(1),
          activation: .tanh),
        .convTranspose2D("up.outer", outputs: 1, kernel: 4, stride: 2, padding: 1, activation: .sigmoid),
      ])
  }
}
