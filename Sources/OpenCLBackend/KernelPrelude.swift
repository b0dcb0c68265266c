import Kernels
import Programs

/// The constants that kernels share with descriptors, as the first source of every program: they are defined in one
/// place.
enum KernelPrelude {
  static let text: String = {
    var lines = StepField.allCases.map { "#define STEP_\(upperSnake("\($0)")) \($0.rawValue)" }
    lines += [
      "#define STEP_WIDTH \(StepTable.width)",
      "#define ABSENT_IMAGE \(BatchSource.absent)u",
      "#define FROZEN_SEGMENT \(Update.frozen)u",
      "#define SEGMENT \(Blocking.segment)",
      "#define CLIP_CHUNK \(ClipNorm.chunk)",
    ]
    lines += Activation.allCases.map { "#define ACTIVATION_\(upperSnake($0.rawValue)) \(number($0))" }
    lines.append("#define ACTIVATION_LEAKY_RELU \(leakyReLU)")
    lines += Mask.allCases.map { "#define MASK_\(upperSnake("\($0)")) \($0.rawValue)" }
    return lines.joined(separator: "\n") + "\n"
  }()

  /// The number of leaky ReLU, which is not one of Programs' activations.
  static let leakyReLU = 5

  /// The gradients that kernels apply after a layer's own.
  enum Mask: Int, CaseIterable { case none, relu, leakyRelu }

  /// The number of an activation in kernels.
  static func number(_ activation: Activation) -> Int {
    switch activation {
    case .identity: 0
    case .relu: 1
    case .sigmoid: 2
    case .tanh: 3
    case .softplus: 4
    }
  }

  /// The prelude, then `sources`.
  static func program(_ sources: [KernelSource]) -> [(name: String, text: [UInt8])] {
    [("prelude", Array(text.utf8))] + sources.map { ($0.name, $0.text) }
  }

  private static func upperSnake(_ name: String) -> String {
    name.reduce(into: "") { text, letter in text += letter.isUppercase ? "_\(letter)" : letter.uppercased() }
  }
}
