import Datasets
import Pictures
import Training

/// The first table of a study's report: published figures, ours, and PyTorch's.
struct Claims {
  private let results: [String: StepResult]
  private let seeds: Int
  /// Whether the published figures and PyTorch's are of these data.
  private let isPublished: Bool

  init(_ results: [String: StepResult], seeds: Int, dataset: Dataset) {
    (self.results, self.seeds) = (results, seeds)
    isPublished = Self.isPublished(dataset)
  }

  /// Where published figures and PyTorch's come from.
  static func comparison(_ dataset: Dataset) -> String {
    isPublished(dataset) ? "PyTorch \(PyTorch.settings)" : "none: published figures are known for mnist only"
  }

  /// Whether these are verified to be the published study's data.
  private static func isPublished(_ dataset: Dataset) -> Bool {
    dataset.isVerified && dataset.name == "mnist"
  }

  /// One row: a name, a note in smaller type, and figures.
  private struct Claim {
    var name: String
    var detail: String
    var values: [Double]
    var published: Double?
    var pyTorch: Double?
    /// Whether larger figures are better.
    var rises = false
    var text: (Double) -> String
    /// Published figures keep their digits.
    var referenceText: (Double) -> String
    var deviationText: (Double) -> String
  }

  /// Test figures of several seeds of a training.
  private func values(_ step: String, _ measure: String) -> [Double] {
    (1...seeds).compactMap { results["\(step)-\($0)"]?.measures[measure] }
  }

  private func loss(
    _ name: String, _ detail: String, _ values: [Double], _ published: Double?, _ pyTorch: Double?
  ) -> Claim {
    Claim(
      name: name, detail: detail, values: values, published: published, pyTorch: pyTorch,
      text: { Numerals.significant($0, 4) }, referenceText: { "\($0)" },
      deviationText: { Numerals.significant($0, 2) })
  }

  private func accuracy(
    _ name: String, _ detail: String, _ step: String, _ published: Double?, _ pyTorch: Double
  ) -> Claim {
    Claim(
      name: name, detail: detail, values: values(step, "accuracy"), published: published, pyTorch: pyTorch,
      rises: true, text: Numerals.percent, referenceText: { "\(Numerals.fixed(100 * $0, 1)) %" },
      deviationText: { Numerals.fixed(100 * $0, 2) })
  }

  private var claims: [Claim] {
    [
      loss(
        "Reconstruction", "mean squared error", values("autoencoder", "loss"),
        Published.meanSquaredError, PyTorch.meanSquaredError),
      accuracy(
        "Last two layers", "accuracy on the frozen encoder", "head", Published.headAccuracy,
        PyTorch.headAccuracy),
      accuracy(
        "Fine-tuned", "accuracy, all layers", "tuned", Published.classifierAccuracy,
        PyTorch.classifierAccuracy),
      loss(
        "", "cross-entropy of the same", values("tuned", "loss"), Published.classifierLoss,
        PyTorch.classifierLoss),
      accuracy("From scratch", "accuracy", "scratch", nil, PyTorch.scratchAccuracy),
    ]
      + ["vae", "conv-vae"].flatMap { model in
        [Recipes.latents.map, Recipes.latents.samples].map { latent in
          loss(
            model == "vae" ? "VAE" : "Convolutional VAE", "−ELBO, \(latent) numbers",
            results["\(model)-\(latent)"]?.measures["loss"].map { [$0] } ?? [], nil,
            PyTorch.elbo["\(model)-\(latent)"])
        }
      }
  }

  var table: Table {
    let heads = ["on the test images", "published", "reached", "", "", "PyTorch"]
    let rows = claims.filter { !$0.values.isEmpty }.map(row) + [noiseRow, samplesRow].compactMap { $0 }
    if isPublished {
      return Table("Published figures, ours, and PyTorch's", heads: heads, numbers: [1, 2, 5], rows: rows)
    }
    // For other data there is nothing to compare with.
    let kept = [0, 2, 3]
    return Table(
      "The study's figures", heads: kept.map { heads[$0] }, numbers: [1],
      rows: rows.map { row in Table.Row(cells: kept.map { row.cells[$0] }) })
  }

  private func row(_ claim: Claim) -> Table.Row {
    let spread = Spread(claim.values)
    let deviation = Table.Cell(text: "", small: spread.deviation.map { "± \(claim.deviationText($0))" })
    let verdict = claim.published.map { Self.mark(claim.rises ? spread.mean >= $0 : spread.mean <= $0) }
    return Table.Row(cells: [
      Table.Cell(text: claim.name, small: claim.detail),
      Table.Cell(text: claim.published.map(claim.referenceText) ?? "–"),
      Table.Cell(text: claim.text(spread.mean)),
      deviation,
      Table.Cell(text: "", mark: verdict),
      Table.Cell(text: claim.pyTorch.map(claim.text) ?? "–"),
    ])
  }

  private static func mark(_ isMet: Bool) -> [String] { isMet ? ["met", "✓ met"] : ["short", "✗ short"] }

  /// The number of published noise levels at which denoising is better.
  private var noiseRow: Table.Row? {
    guard let found = results["noise"] else { return nil }
    let better = Recipes.publishedNoises.filter { noise in
      Spread(found.series["denoising \(noise)"] ?? []).mean
        < Spread(found.series["plain \(noise)"] ?? []).mean
    }
    let all = Recipes.publishedNoises.count
    return verdict(
      "Denoising", "beats plain at noise 0.2 … 1", "at each",
      better.count == all ? "at each" : "at \(better.count) of \(all)", isMet: better.count == all)
  }

  /// Whether a VAE's samples are better than the autoencoder's.
  private var samplesRow: Table.Row? {
    guard let found = results["samples"]?.measures, let plain = found["frechet uniform"],
      let variational = found["frechet prior"]
    else { return nil }
    return verdict(
      "Samples", "random codes, Fréchet distance, VAE : autoencoder", "VAE better",
      "\(Numerals.significant(variational, 3)) : \(Numerals.significant(plain, 3))",
      isMet: variational < plain)
  }

  private func verdict(_ name: String, _ detail: String, _ published: String, _ reached: String, isMet: Bool)
    -> Table.Row
  {
    return Table.Row(cells: [
      Table.Cell(text: name, small: detail), Table.Cell(text: published), Table.Cell(text: reached),
      Table.Cell(text: ""), Table.Cell(text: "", mark: Self.mark(isMet)), Table.Cell(text: "–"),
    ])
  }
}
