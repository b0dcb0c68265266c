/// Uniform initial values of one tensor: `fma(u, 2 · bound, −bound)`, u uniform number i of the stream, i the element's
/// index in PyTorch's order. Padding becomes +0.
///
/// Source: PyTorch's default initialisation of convolutions and linear layers, bound = 1 / √(fan in).
/// Counter: stream, epoch 0, sample 0, element div 4.
package struct Initialise: Descriptor {
  package let parameter: Buffer
  package let random: RandomSource
  package let bound: Float

  /// Throws: ``ProgramError`` if the buffer is not a parameter.
  package init(parameter: Buffer, random: RandomSource, bound: Float) throws {
    guard case .parameter = parameter.contents else {
      throw ProgramError("initialise", "\(parameter.name) is no parameter")
    }
    self.parameter = parameter
    self.random = random
    self.bound = bound
  }

  /// Shape of the tensor.
  package var shape: ParameterShape {
    if case .parameter(let shape) = parameter.contents { shape } else { preconditionFailure() }
  }

  package var kind: Operation.Kind { .initialise }
  package var chunkedBatch: Int? { nil }
  package var reads: [Buffer] { [] }
  package var writes: [Buffer] { [parameter] }
  package var flops: Int { 3 * shape.count }

  package func launches<Launcher: OperationLauncher>(by launcher: Launcher) throws -> [Launcher.Launch] {
    try launcher.launches(self)
  }
}
