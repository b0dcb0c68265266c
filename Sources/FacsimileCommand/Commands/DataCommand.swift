import ArgumentParser
import Datasets
import Numerics

/// `facsimile data`
struct DataCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "data", abstract: "Lists, downloads, inspects and packs data sets.",
    discussion: """
      A known name is searched for in the folders of $FACSIMILE_DATA, in the user's cache folder, then in \
      /usr/share/datasets. Its files must match the known SHA-256 hashes. There are none for unpacked kmnist files; \
      --unverified-data accepts these, and other files of cifar-10 and EMNIST.

      A folder may hold IDX files (plain or .gz), CIFAR-10's binary files, or PNG files: train/CLASS/*.png and \
      test/CLASS/*.png, CLASS/*.png (a tenth of every class becomes the test set), or either without classes. All images \
      must have the same size, from 8 to 128 pixels a side, and be grayscale or RGB. 'data pack' makes one file of it.

      Examples:
        facsimile data list
        facsimile data fetch mnist
        facsimile data inspect fashion-mnist
        facsimile data inspect /data/my-pictures --json
        facsimile data pack /data/my-pictures --out my-pictures.idx
      """,
    subcommands: [List.self, DataFetchCommand.self, Inspect.self, DataPackCommand.self])

  /// `facsimile data list`
  struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the known data sets and where they are on this machine.",
      discussion: """
        Examples:
          facsimile data list
          facsimile data list --json
        """)

    @OptionGroup var output: OutputOptions

    func run() throws {
      let listings = DatasetCatalog().list()
      if output.json { return try Console.json(listings) }
      let rows = listings.map { listing in
        [
          listing.name, listing.state.rawValue, listing.trainImages.map(Format.count) ?? "–",
          listing.testImages.map(Format.count) ?? "–", listing.folder ?? "–",
        ]
      }
      Console.say(Format.table([["name", "state", "train", "test", "folder"]] + rows, right: [2, 3]))
      for listing in listings {
        if let problem = listing.problem { Console.say("\(listing.name): \(problem)") }
      }
    }
  }

  /// `facsimile data inspect`
  struct Inspect: ParsableCommand {
    static let configuration = CommandConfiguration(
      abstract: "Reads and checks a data set, and prints its statistics.",
      discussion: """
        Examples:
          facsimile data inspect mnist
          facsimile data inspect /data/my-pictures
        """)

    @Argument(help: "A known name, or a folder of images.")
    var data: String

    @Flag(help: "Accept files that cannot be checked against published hashes.")
    var unverifiedData = false

    @OptionGroup var output: OutputOptions

    func run() throws {
      var catalog = DatasetCatalog()
      catalog.takesUnverified = unverifiedData
      let figures = try catalog.inspect(data)
      if output.json { return try Console.json(figures) }
      Console.say("\(figures.name) in \(figures.folder)\(figures.isVerified ? ", verified" : "")")
      Console.say("sha256 \(figures.sha256)")
      if let names = figures.classNames { Console.say("classes: \(names.joined(separator: ", "))") }
      for (name, part) in [("train", figures.train), ("test", figures.test)] {
        Console.say("\(name): \(Self.summary(of: part))")
        guard let histogram = part.classHistogram else {
          Console.say("  no labels")
          continue
        }
        let classes = histogram.enumerated().map { "\($0): \(Format.count($1))" }
        Console.say("  images of each class: " + classes.joined(separator: ", "))
      }
      for file in figures.files { Console.say("  \(file.sha256)  \(file.file)") }
    }

    /// `50,000 images of 3×32×32, mean 0.4734, deviation 0.2516, red 0.4914, green 0.4822, blue 0.4465`
    private static func summary(of part: DatasetInspection.Part) -> String {
      let shape = ImageShape(channels: part.channels, height: part.height, width: part.width)
      let colours =
        part.channels == 3
        ? zip(["red", "green", "blue"], part.channelMeans).map { ", \($0) \(Format.fixed($1, 4))" } : []
      return "\(counted(part.images, "image")) of \(shape), mean \(Format.fixed(part.mean, 4)), "
        + "deviation \(Format.fixed(part.standardDeviation, 4))" + colours.joined()
    }
  }
}
