import Datasets
import Models

/// The steps of a study on a data set, and the skipped ones.
struct StudyPlan {
  private(set) var steps: [Step] = []
  private(set) var omissions: [String] = []

  /// - Throws: `ConfigurationError`, `TrainingError` if the data are too small for the models.
  init(_ settings: StudySettings, _ dataset: Dataset) throws {
    let budget = settings.budget
    let seeds = settings.seeds
    func names(_ name: String) -> [String] { seeds.indices.map { "\(name)-\($0 + 1)" } }
    func trainings(
      _ name: String, _ title: String, _ model: ModelKind, _ settings: Recipes.Settings = [], epochs: Int,
      from: String? = nil
    ) throws -> [Step] {
      try seeds.enumerated().map { index, seed in
        try .training(
          "\(name)-\(index + 1)", "\(title), seed \(seed)",
          Recipes.configuration(model, settings, epochs: epochs, seed: seed),
          from: from.map { "\($0)-\(index + 1)" })
      }
    }

    steps += try trainings(
      "autoencoder", "convolutional autoencoder", .convAutoencoder, epochs: budget.autoencoder)
    steps.append(.lossTrend(run: "autoencoder-1"))
    steps.append(.reconstructions(run: "autoencoder-1"))
    steps.append(.firstEpochs(run: "autoencoder-1"))
    steps.append(try .search(settings, dataset))
    steps.append(
      try .crossValidation(
        Recipes.configuration(
          .convAutoencoder, epochs: budget.folds.epochs, seed: settings.seed),
        folds: min(budget.folds.count, dataset.train.count)))
    steps.append(.codes(run: "autoencoder-1"))
    if min(dataset.test.count, budget.mapImages) >= LatentMaps.fewestImages {
      steps.append(.latent(run: "autoencoder-1"))
    } else {
      omissions.append("There are only \(dataset.test.count) test images, too few for a map of codes.")
    }

    steps += try trainings(
      "denoising", "denoising autoencoder", .denoisingAutoencoder, epochs: budget.autoencoder)
    steps.append(.noise(plain: names("autoencoder"), denoising: names("denoising")))

    if dataset.train.labels == nil || dataset.test.labels == nil {
      omissions.append(
        "These images have no labels, so the classifier and everything that needs classes is left out.")
    } else if dataset.classCount < 2 {
      omissions.append("All images are of one class, so the classifier is left out.")
    } else {
      steps += try trainings(
        "head", "classifier, last two layers", .classifier, Recipes.head, epochs: budget.head,
        from: "autoencoder")
      steps += try trainings(
        "tuned", "classifier, all layers", .classifier, epochs: budget.classifier,
        from: "head")
      steps += try trainings(
        "scratch", "classifier from scratch", .classifier, epochs: budget.classifier)
      steps.append(.confusion(run: "tuned-1"))
    }

    for (name, title, model) in [
      ("vae", "variational autoencoder", ModelKind.vae),
      ("conv-vae", "convolutional variational autoencoder", .convVAE),
    ] {
      for latent in [Recipes.latents.map, Recipes.latents.samples] {
        steps.append(
          try .training(
            "\(name)-\(latent)", "\(title), \(latent) numbers",
            Recipes.configuration(
              model, [("latent", "\(latent)")], epochs: budget.variational, seed: settings.seed)))
      }
    }
    for model in ["vae", "conv-vae"] { steps.append(.codes(run: "\(model)-\(Recipes.latents.map)")) }
    steps.append(.latentGrid(run: "vae-\(Recipes.latents.map)"))
    steps.append(.samples(autoencoder: "autoencoder-1", variational: "vae-\(Recipes.latents.samples)"))
    steps.append(.interpolation(run: "autoencoder-1"))
    for step in steps {
      guard var configuration = step.training else { continue }
      try configuration.take(dataset)
    }
  }
}
