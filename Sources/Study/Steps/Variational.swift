import Datasets
import Foundation
import Generation
import Pictures
import Training

extension Step {
  /// What a variational autoencoder of two numbers decodes over its plane.
  static func latentGrid(run: String) -> Step {
    Step("latent-grid", "grid over the VAE's plane", needs: [run]) { site in
      let weights = try site.weights(run)
      let shape = site.dataset.shape
      // As many tiles as a page shows well.
      let side = min(20, max(6, 560 / max(shape.width, shape.height)))
      let codes = try LatentPaths.grid(side: side, weights.configuration)
      let tiles = try Decoder(weights, backend: site.backend).images(codes, shape: shape).pictures
      let rows = stride(from: 0, to: tiles.count, by: side).map { Array(tiles[$0..<$0 + side]) }
      let grid = ImageGrid(margin: 0, scale: 1, background: 0).picture(rows: rows)
      var figure = Figure(
        id: "latent-grid", title: "The plane of the variational autoencoder.",
        caption:
          "\(side) × \(side) places of its two numbers, spaced such that each stands for an equal share of the prior, and "
          + "what the decoder makes of them. Look for how one image turns into the next without a break.",
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
          "At the ends of each row two test images, between them what the autoencoder decodes along the straight line "
          + "between their codes. Where the middle looks like no image of the data, the line "
          + "crosses a hole in the plain autoencoder's space.",
        picture: try Illustration(
          ImageGrid().picture(rows: rows), alt: "Rows of images that turn one into another"))
      figure.sources = [try site.result(run).source].compactMap { $0 }
      return StepResult(figures: [figure])
    }
  }
}
