import ArgumentParser
import Models

/// `facsimile plan`
struct PlanCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "plan",
    abstract: "Prints a model's program: operations, shapes, FLOPs, bytes and memory.",
    discussion: """
      Examples:
        facsimile plan conv-autoencoder
        facsimile plan vae --batch-size 64 --set latent=10 --json
      """)

  @OptionGroup var model: ModelOptions

  @Option(help: "Number of images in the data set.")
  var images = 60_000

  @OptionGroup var output: OutputOptions

  func run() throws {
    try require("--images", images, in: 1...100_000_000)
    let configuration = try model.configuration()
    func steps(_ count: Int, _ batch: Int) -> Int { (count + batch - 1) / batch }
    let held = min(configuration.validationCount(of: images), images - 1)
    let lowered = try LoweredModel(
      configuration, datasetImages: images,
      training: TrainingShape(
        steps: steps(images - held, configuration.batchSize), layers: configuration.trainable.phases[0].layers
      ),
      evaluation: EvaluationShape(steps: steps(held, EvaluationShape.standardBatch) + 1))
    let description = ProgramDescription(lowered)
    if output.json { try Console.json(description) } else { Console.say("\(description)") }
  }
}
