import ArgumentParser

/// Whether figures are for people or for a program.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print the figures as JSON.")
  var json = false
}
