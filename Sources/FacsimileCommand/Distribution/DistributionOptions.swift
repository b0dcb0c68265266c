import ArgumentParser

/// Several processes that work together.
struct DistributionOptions: ParsableArguments {
  @Option(
    help: ArgumentHelp(
      "Work in several processes, with the bits of one: mpi, if mpirun starts them. In training they share the parts of each "
        + "batch, so there may be at most as many as shards.",
      valueName: "how"))
  var distributed: String?

  /// Runs `body` in the job that the option requests, or alone.
  func run(_ body: (Job?) throws -> Void) throws {
    guard let distributed else { return try body(nil) }
    guard distributed == "mpi" else {
      throw UsageError("--distributed is '\(distributed)': expected mpi")
    }
    try Job.run(body)
  }
}
