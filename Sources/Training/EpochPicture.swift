import Datasets
import Models
import Numerics
import Pictures

/// The picture that a run writes every epoch: labelled rows of a few test images, their noisy versions if noise is added, and
/// their reconstructions.
package enum EpochPicture {
  /// The labels of the rows.
  package static func names(_ configuration: Configuration) -> [String] {
    configuration.noise > 0 ? ["clean", "noisy", "output"] : ["original", "output"]
  }

  /// Composes it.
  ///
  /// - Parameters:
  ///   - originals: pixels of the images.
  ///   - reconstructions: their reconstructions, values from 0 to 1.
  ///   - indices: the images' indices on the device, which determine their noise.
  static func picture(
    _ originals: [[UInt8]], _ reconstructions: [[Float]], indices: [UInt32], shape: ImageShape,
    _ configuration: Configuration
  ) -> Picture {
    var stages = [originals.map { Picture(planar: $0, shape: shape) }]
    if configuration.noise > 0 {
      stages.append(
        zip(originals, indices).map { pixels, index in
          let values = NoisyImage.values(
            pixels, index: index, seed: configuration.seed, factor: configuration.noise)
          return Picture(values: values, shape: shape)
        })
    }
    stages.append(reconstructions.map { Picture(values: $0, shape: shape) })
    return LabelledGrid().picture(Array(zip(names(configuration), stages)), columns: originals.count)
  }

  /// The first and the last row (originals, the model's) cropped from a run's pictures; nil if one is not such a
  /// picture.
  package static func rows(
    of pictures: [Picture], shape: ImageShape, _ configuration: Configuration
  ) -> (originals: Picture, outputs: [Picture], scale: Int)? {
    let names = names(configuration)
    guard let first = pictures.first else { return nil }
    let fitting = (1...10).lazy.map { columns in
      LabelledGrid.Layout(names: names, columns: columns, tile: (shape.width, shape.height))
    }.first { $0.width == first.width && $0.height == first.height }
    guard let layout = fitting, pictures.allSatisfy({ ($0.width, $0.height) == (first.width, first.height) })
    else { return nil }
    func row(_ picture: Picture, _ number: Int) -> Picture {
      picture.part(left: layout.left, rows: number * layout.row..<(number + 1) * layout.row)
    }
    return (row(first, 0), pictures.map { row($0, names.count - 1) }, layout.scale)
  }
}
