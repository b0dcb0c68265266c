import Datasets
import Foundation
import Generation
import Pictures
import Training

extension Step {
  /// A grid of images decoded over the plane of a variational autoencoder with two latent values.
  static func latentGrid(run: String) -> Step {
    Step("latent-grid", "grid over the VAE's plane", needs: [run]) { site in
      let weights = try site.weights(run)
      let shape = site.dataset.shape
      // As many tiles as fit on a page.
      let side = min(20, max(6, 560 / max(shape.width, shape.height)))
      let codes = try LatentPaths.grid(side: side, weights.configuration)
      let tiles = try Decoder(weights, backend: site.backend).images(codes, shape: shape).pictures
      let rows = stride(from: 0, to: tiles.count, by: side).map { Array(tiles[$0..<$0 + side]) }
      let grid = ImageGrid(margin: 0, scale: 1, background: 0).picture(rows: rows)
      var figure = Figure(
        id: "latent-grid", title: "The plane of the variational autoencoder.",
        caption:
          "\(side) × \(side) points of its latent plane, spaced so that each stands for an equal share of the prior, "
          + "and their decoded images. Neighbouring images blend smoothly into each other.",
        kind: "square",
        picture: try Illustration(
          grid, alt: "A square of decoded images that change smoothly from one to the next"))
      figure.sources = [try site.result(run).source].compactMap { $0 }
      return StepResult(figures: [figure])
    }
  }

  /// Straight lines through the codes of an autoencoder, from one test image to another.
  static func interpolation(run: String) -> Step {
    Step("interpolation", "from one image to another", needs: [run]) { site in
      let weights = try site.weights(run)
      let images = try site.testImages(8)
      let codes = try Evaluator(weights, images: images, backend: site.backend, mode: .mean, noise: 0).codes()
      let decoder = try Decoder(weights, backend: site.backend)
      let pictures = images.pictures
      let rows = try stride(from: 0, to: codes.count - 1, by: 2).map { first in
        let line = LatentPaths.line(from: codes[first], to: codes[first + 1], steps: 9)
        return [pictures[first]] + (try decoder.images(line, shape: images.shape).pictures) + [
          pictures[first + 1]
        ]
      }
      var figure = Figure(
        id: "interpolation", title: "From one image to another.",
        caption:
          "Each row has two test images at its ends, and between them the images decoded along the straight line "
          + "between their codes. If the middle does not look like an image of the data set, the line "
          + "crosses a gap in the plain autoencoder's latent space.",
        picture: try Illustration(
          ImageGrid().picture(rows: rows), alt: "Rows of images that turn one into another"))
      figure.sources = [try site.result(run).source].compactMap { $0 }
      return StepResult(figures: [figure])
    }
  }
}
