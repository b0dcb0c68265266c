import Datasets
import Foundation
import Models
import Pictures
import Programs
import Training

/// The data of the page's interactive map, as JSON.
struct Explorer: Encodable {
  /// A map: a position for every image.
  struct Map: Encodable {
    /// From a position back to a code: origin + x · axes[0] + y · axes[1].
    struct Inverse: Encodable {
      let origin: [Double]
      let axes: [[Double]]
      /// Whether the map's two axes are the complete code.
      let isWhole: Bool
    }

    let name: String
    let about: String
    /// [images][2], float32.
    let points: Data
    /// 1 for images whose neighbours on the map are not their neighbours among the codes.
    let faint: Data?
    /// Which decoder's codes these are.
    let decoder: Int
    let inverse: Inverse?
  }

  /// A decoder with the codes of the images.
  struct Decoder: Encodable {
    struct Check: Encodable {
      let code: Data
      let output: Data
    }

    let name: String
    let latent: Int
    let layers: [Layer]
    /// float32: weights, then biases, layer by layer.
    let weights: Data
    /// [images][latent], float32.
    let codes: Data
    /// float32.
    let losses: Data
    let check: Check
  }

  /// A layer in the format of the page's script.
  struct Layer: Encodable {
    var kind: String
    var inputs: Int
    var outputs: Int
    /// Offset of its weights, in floats.
    var offset: Int
    var activation: String
    var slope = 0.0
    var kernel: Int?
    var stride: Int?
    var padding: Int?
    var height: Int?
    var width: Int?
    var outHeight: Int?
    var outWidth: Int?
  }

  struct Image: Encodable {
    let channels: Int
    let height: Int
    let width: Int
  }

  let image: Image
  let count: Int
  /// Images in a row of the atlas.
  let columns: Int
  /// The images as one PNG, a data URL.
  let atlas: String
  let labels: Data?
  let classes: [String]
  let palette: [String: [String]]
  let maps: [Map]
  let decoders: [Decoder]

  /// Maximum size of the atlas, so that the page stays below 15 MB; larger ones get fewer images.
  private static let mostAtlasBytes = 4_500_000
  private static let mostValues = 12_000_000
  /// Maximum number of weights of a decoder in the page.
  static let mostWeights = 1_000_000

  /// Combines images, maps and decoders, using the first `count` positions of every map.
  ///
  /// - Throws: `PNGError`.
  init(
    _ images: ImageSet, count: Int, className: (Int) -> String, classCount: Int,
    maps: [(map: Placed, decoder: Int)], decoders: [(name: String, weights: Weights, codes: Codes)]
  ) throws {
    let shape = images.shape
    var count = min(count, images.count, max(1, Self.mostValues / shape.count))
    var atlas = Self.atlas(images, count: count)
    var png = try atlas.picture.pngData()
    while png.count > Self.mostAtlasBytes, count > 1 {
      count = max(1, count * Self.mostAtlasBytes / png.count * 19 / 20)
      atlas = Self.atlas(images, count: count)
      png = try atlas.picture.pngData()
    }
    self.count = count
    (image, columns) = (
      Image(channels: shape.channels, height: shape.height, width: shape.width), atlas.columns
    )
    self.atlas = "data:image/png;base64," + png.base64EncodedString()
    labels = images.labels.map { Data($0.prefix(count)) }
    classes = (0..<classCount).map(className)
    palette = ["light": Palette.hex(.light), "dark": Palette.hex(.dark)]
    self.maps = maps.map { $0.map.map(count: count, decoder: $0.decoder) }
    self.decoders = try decoders.map { try Decoder($0.name, $0.weights, $0.codes, count: count) }
  }

  private static func atlas(_ images: ImageSet, count: Int) -> (picture: Picture, columns: Int) {
    var columns = 1
    while columns * columns < count { columns += 1 }
    let tiles = (0..<count).map { Picture(planar: images.image($0), shape: images.shape) }
    let rows = stride(from: 0, to: count, by: columns).map { Array(tiles[$0..<min($0 + columns, count)]) }
    return (ImageGrid(margin: 0, scale: 1, background: 0).picture(rows: rows), columns)
  }

  /// JSON for embedding in the page: `<` is escaped, so it cannot end the enclosing element.
  var json: String {
    get throws {
      let encoder = JSONEncoder()
      encoder.outputFormatting = .sortedKeys
      let text = String(decoding: try encoder.encode(self), as: UTF8.self)
      return text.replacing("<", with: "\\u003c").replacing("&", with: "\\u0026")
    }
  }
}

/// Positions of images on a map, before the number of images in the page is known.
struct Placed {
  let name: String
  let about: String
  /// [images][2].
  let points: [Float]
  /// Whether the map keeps the neighbours of an image; nil if it cannot fail to.
  let keeps: [Bool]?
  let inverse: Explorer.Map.Inverse?

  fileprivate func map(count: Int, decoder: Int) -> Explorer.Map {
    Explorer.Map(
      name: name, about: about, points: Data(floats: points.prefix(2 * count)),
      faint: keeps.map { Data($0.prefix(count).map { $0 ? 0 : 1 }) }, decoder: decoder, inverse: inverse)
  }
}

extension Data {
  /// Little-endian float32.
  init(floats: some Sequence<Float>) {
    self = floats.reduce(into: Data()) { data, value in
      Swift.withUnsafeBytes(of: value.bitPattern.littleEndian) { data.append(contentsOf: $0) }
    }
  }
}

extension Explorer.Decoder {
  /// The decoder of a model.
  ///
  /// - Throws: `ProgramError` if layers do not fit together.
  init(_ name: String, _ weights: Weights, _ codes: Codes, count: Int) throws {
    let architecture = weights.configuration.architecture
    let shapes = try architecture.shapes()
    let tensors = Dictionary(uniqueKeysWithValues: weights.state.parameters.map { ($0.name, $0) })
    var layers: [Explorer.Layer] = []
    var floats: [Float] = []
    for index in architecture.layers.indices where index > architecture.codeLayer {
      let (layer, input, output) = (architecture.layers[index], shapes[index - 1], shapes[index])
      guard let weight = tensors["\(layer.name).weight"], let bias = tensors["\(layer.name).bias"] else {
        continue
      }
      var described = Explorer.Layer(layer, input, output, kernel: weight.shape.last!, offset: floats.count)
      if index == architecture.layers.indices.last, weights.configuration.outputsAreLogits {
        described.activation = "sigmoid"
      }
      layers.append(described)
      floats += weight.values + bias.values
    }
    self.init(
      name: name, latent: codes.codes[0].count, layers: layers, weights: Data(floats: floats),
      codes: Data(floats: codes.codes.prefix(count).joined()),
      losses: Data(floats: codes.losses.prefix(count)),
      check: Check(code: Data(floats: codes.codes[0]), output: Data(floats: codes.decoded)))
  }

  /// Weights of the decoder of a model.
  static func weightCount(_ weights: Weights) -> Int {
    weights.state.parameters.filter { $0.name.hasPrefix("decoder.") }.reduce(0) { $0 + $1.values.count }
  }
}

extension Explorer.Layer {
  fileprivate init(_ layer: Models.Layer, _ input: MapShape, _ output: MapShape, kernel: Int, offset: Int) {
    (kind, inputs, outputs) = ("linear", input.count, output.count)
    self.offset = offset
    switch layer.activation {
    case .leakyReLU(let slope): (activation, self.slope) = ("leaky-relu", Double(slope))
    default: activation = layer.activation.description
    }
    guard case .transposedConvolution(let stride, let padding, _) = layer.form else { return }
    (kind, inputs, outputs) = ("transposed", input.channels, output.channels)
    (self.kernel, self.stride, self.padding) = (kernel, stride, padding)
    (height, width, outHeight, outWidth) = (input.height, input.width, output.height, output.width)
  }
}
