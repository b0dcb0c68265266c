import ArgumentParser

/// Output as text or as JSON.
struct OutputOptions: ParsableArguments {
  @Flag(help: "Print the figures as JSON.")
  var json = false
}
