import Foundation
import Models
import Numerics
import Programs

/// A model's loss in double precision: textbook loops over PyTorch's layouts, sharing nothing with the
/// backends but the random words.
struct DoubleReference {
  let configuration: Configuration
  let architecture: Architecture
  /// By PyTorch's names, in PyTorch's order.
  var parameters: [String: [Double]]
  /// Sample n of the data set: its values in the order (channel, y, x).
  let images: [[Double]]
  let labels: [Int]
  /// Word 1 of the random counter.
  let epoch: UInt32
  /// The stream of a posterior's noise.
  var posterior = RandomStream.reparameterization

  /// The training loss.
  func loss() -> Double {
    let total = images.indices.reduce(0) { $0 + loss(sample: $1) } / Double(images.count)
    return configuration.loss == .meanSquaredError ? total / Double(images[0].count) : total
  }

  private func loss(sample: Int) -> Double {
    guard configuration.loss == .importanceWeighted else { return loss(sample: sample, draw: 0) }
    let draws = (0..<configuration.importanceSamples).map { loss(sample: sample, draw: $0) }
    let least = draws.min()!
    return least - log(draws.reduce(0) { $0 + exp(least - $1) } / Double(draws.count))
  }

  /// The loss with the `draw`-th sample of the posterior.
  private func loss(sample: Int, draw: Int) -> Double {
    let target = pixels(sample)
    var map = Map(architecture.input, target)
    // The draw that random numbers belong to: there are several only after the posterior.
    var draws = 0
    if architecture.noise > 0 {
      for e in map.values.indices { map.values[e] += architecture.noise * normal(.noise, sample, e) }
    }
    var divergence = 0.0
    for (index, text) in architecture.layers.map(\.description).enumerated() {
      let layer = LayerText(text)
      switch layer.kind {
      case "conv2d":
        map = convolution(
          map, layer.name, layer["outputs"], layer["kernel"], layer["stride"], layer["padding"])
      case "conv_transpose2d":
        map = transposed(
          map, layer.name, layer["outputs"], layer["kernel"], layer["stride"], layer["padding"],
          layer.numbers("output-padding"))
      case "linear": map = linear(map, layer.name, layer["outputs"])
      case "posterior":
        let mean = linear(map, layer.name + ".mu", layer["latent"])
        let logVariance = linear(map, layer.name + ".logvar", layer["latent"])
        map = mean
        draws = draw
        for (e, (m, v)) in zip(mean.values, logVariance.values).enumerated() {
          let noise = normal(posterior, sample, first(draws, of: map) + e)
          map.values[e] += exp(v / 2) * noise
          divergence +=
            configuration.loss == .importanceWeighted
            ? (map.values[e] * map.values[e] - noise * noise - v) / 2 : -(1 + v - m * m - exp(v)) / 2
        }
      case "flatten": map = Map(.features(map.values.count), map.values)
      case "unflatten":
        let shape = layer.numbers("shape")
        map = Map(MapShape(shape[0], shape[1], shape[2]), map.values)
      default: preconditionFailure("no reference for \(text)")
      }
      map.values = map.values.map { activate(layer.activation, $0) }
      for e in map.values.indices where layer.dropout > 0 {
        let word = RandomStream.dropout.element(
          seed: configuration.seed, layer: index, epoch: epoch, sample: UInt32(sample),
          element: UInt32(first(draws, of: map) + e))
        let isKept = Double(word >> 8) * 0x1p-24 < 1 - layer.dropout
        map.values[e] = isKept ? map.values[e] / (1 - layer.dropout) : 0
      }
    }
    return error(map.values, target, sample) + configuration.klWeight * divergence
  }

  /// The first random element of a draw for the values of `map`, which take whole quads.
  private func first(_ draw: Int, of map: Map) -> Int { draw * ((map.values.count + 3) / 4) * 4 }

  /// The values of an image, binarised if configured.
  private func pixels(_ sample: Int) -> [Double] {
    let (isFresh, values) = (configuration.binarise == .dynamic, images[sample])
    if configuration.binarise == .none { return values }
    return values.indices.map { e in
      let word = (isFresh ? RandomStream.binarisation : .fixedBinarisation).element(
        seed: isFresh ? configuration.seed : 0, epoch: isFresh ? epoch : 0, sample: UInt32(sample),
        element: UInt32(e))
      return Double(word >> 8) * 0x1p-24 < values[e] ? 1 : 0
    }
  }

  private func error(_ output: [Double], _ target: [Double], _ sample: Int) -> Double {
    switch configuration.loss {
    case .meanSquaredError: sum(zip(output, target).map { ($0 - $1) * ($0 - $1) })
    case .binaryCrossEntropy, .importanceWeighted:
      sum(zip(output, target).map { log1p(exp(-abs($0))) + max($0, 0) - $0 * $1 })
    case .crossEntropy: log(output.reduce(0) { $0 + exp($1) }) - output[labels[sample]]
    }
  }

  /// Neumaier's sum: over the pixels of a large image a plain one would lose the digits that differences need.
  private func sum(_ terms: [Double]) -> Double {
    var (total, lost) = (0.0, 0.0)
    for term in terms {
      let next = total + term
      lost += abs(total) >= abs(term) ? (total - next) + term : (term - next) + total
      total = next
    }
    return total + lost
  }

  private func activate(_ activation: String, _ x: Double) -> Double {
    switch activation {
    case "identity": x
    case "relu": max(x, 0)
    case "leaky-relu(0.01)": x > 0 ? x : 0.01 * x
    case "sigmoid": 1 / (1 + exp(-x))
    case "tanh": Foundation.tanh(x)
    case "softplus": log1p(exp(x))
    default: preconditionFailure("no reference for \(activation)")
    }
  }

  /// Box–Muller in double, from the contract's words.
  private func normal(_ stream: RandomStream, _ sample: Int, _ element: Int) -> Double {
    func word(_ element: Int) -> Double {
      Double(
        stream.element(
          seed: configuration.seed, epoch: epoch, sample: UInt32(sample), element: UInt32(element)) >> 8)
    }
    let first = element / 2 * 2
    let radius = (-2 * log((word(first) + 1) * 0x1p-24)).squareRoot()
    let angle = 2 * Double.pi * word(first + 1) * 0x1p-24
    return radius * (element % 2 == 0 ? cos(angle) : sin(angle))
  }
}

/// A layer parsed from its description: `linear encoder.fc1 outputs=64 relu dropout=0.1`.
private struct LayerText {
  let kind: String
  let name: String
  let activation: String
  private let settings: [String: String]

  init(_ text: String) {
    let words = text.split(separator: " ").map(String.init)
    (kind, name) = (words[0], words[1])
    let (pairs, others) = (
      words.dropFirst(2).filter { $0.contains("=") }, words.dropFirst(2).filter { !$0.contains("=") }
    )
    activation = others.first ?? "identity"
    settings = Dictionary(
      uniqueKeysWithValues: pairs.map { pair in
        let parts = pair.split(separator: "=").map(String.init)
        return (parts[0], parts[1])
      })
  }

  subscript(_ key: String) -> Int { numbers(key)[0] }

  /// `1,0` and `3x32x32` are lists.
  func numbers(_ key: String) -> [Int] { settings[key]!.split { ",x".contains($0) }.map { Int($0)! } }

  var dropout: Double { settings["dropout"].flatMap(Double.init) ?? 0 }
}

/// One image's values [C, H, W].
private struct Map {
  let shape: MapShape
  var values: [Double]
  init(_ shape: MapShape, _ values: [Double]) { (self.shape, self.values) = (shape, values) }

  subscript(c: Int, y: Int, x: Int) -> Double {
    get { values[(c * shape.height + y) * shape.width + x] }
    set { values[(c * shape.height + y) * shape.width + x] = newValue }
  }

  func holds(_ y: Int, _ x: Int) -> Bool {
    (0..<shape.height).contains(y) && (0..<shape.width).contains(x)
  }
}

extension DoubleReference {
  /// out[k, y, x] = b[k] + Σ in[c, y·s − p + ky, x·s − p + kx] · w[k, c, ky, kx].
  private func convolution(
    _ input: Map, _ name: String, _ outputs: Int, _ kernel: Int, _ stride: Int, _ padding: Int
  ) -> Map {
    func size(_ n: Int) -> Int { (n + 2 * padding - kernel) / stride + 1 }
    let shape = MapShape(outputs, size(input.shape.height), size(input.shape.width))
    var output = bias(name, shape)
    let weight = parameters[name + ".weight"]!
    for k in 0..<outputs {
      for y in 0..<shape.height {
        for x in 0..<shape.width {
          for c in 0..<input.shape.channels {
            for tap in 0..<kernel * kernel {
              let (row, column) = (y * stride - padding + tap / kernel, x * stride - padding + tap % kernel)
              guard input.holds(row, column) else { continue }
              let place = (k * input.shape.channels + c) * kernel * kernel + tap
              output[k, y, x] += input[c, row, column] * weight[place]
            }
          }
        }
      }
    }
    return output
  }

  /// Every input value contributes to the outputs: out[k, y·s − p + ky, x·s − p + kx] += in[c, y, x] · w[c, k, ky, kx].
  private func transposed(
    _ input: Map, _ name: String, _ outputs: Int, _ kernel: Int, _ stride: Int, _ padding: Int,
    _ outputPadding: [Int]
  ) -> Map {
    func size(_ n: Int, _ more: Int) -> Int { (n - 1) * stride - 2 * padding + kernel + more }
    var output = bias(
      name,
      MapShape(outputs, size(input.shape.height, outputPadding[0]), size(input.shape.width, outputPadding[1]))
    )
    let weight = parameters[name + ".weight"]!
    for c in 0..<input.shape.channels {
      for y in 0..<input.shape.height {
        for x in 0..<input.shape.width {
          for k in 0..<outputs {
            for tap in 0..<kernel * kernel {
              let (row, column) = (y * stride - padding + tap / kernel, x * stride - padding + tap % kernel)
              guard output.holds(row, column) else { continue }
              output[k, row, column] += input[c, y, x] * weight[(c * outputs + k) * kernel * kernel + tap]
            }
          }
        }
      }
    }
    return output
  }

  private func linear(_ input: Map, _ name: String, _ outputs: Int) -> Map {
    var output = bias(name, .features(outputs))
    let weight = parameters[name + ".weight"]!
    for k in 0..<outputs {
      for (e, value) in input.values.enumerated() {
        output.values[k] += value * weight[k * input.values.count + e]
      }
    }
    return output
  }

  /// A map filled with every channel's bias.
  private func bias(_ name: String, _ shape: MapShape) -> Map {
    Map(
      shape,
      parameters[name + ".bias"]!.flatMap { [Double](repeating: $0, count: shape.height * shape.width) })
  }
}
