import ArgumentParser
import Datasets
import Foundation
import Numerics
import Storage

/// `facsimile data pack`
struct DataPackCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "pack", abstract: "Packs a folder of images into one file to train from.",
    discussion: """
      Training reads the images from the file as they are needed (see --data-memory of 'facsimile train'), so they need not \
      fit in memory, and gives the same bits as from the folder. The file holds IDX files one after the other: training \
      images, training labels, test images, test labels; then the names of the classes as JSON.

      Examples:
        facsimile data pack my-pictures --out my-pictures.idx
        facsimile train conv-autoencoder --data my-pictures.idx --data-memory 500MB
      """)

  @Argument(
    help: ArgumentHelp("The folder of images, or a known name.", valueName: "folder"),
    completion: .directory)
  var folder: String

  @Option(help: ArgumentHelp("The file.", valueName: "file"), completion: .file())
  var out: String

  @OptionGroup var output: OutputOptions

  private struct Figures: Encodable {
    let file: String
    let images: Int
    let bytes: Int
    let sha256: String
  }

  func run() throws {
    try OutputFile.requirePlace(out)
    var catalog = DatasetCatalog()
    // So that checking the file below does not load its images.
    catalog.memory = 1
    let file = URL(systemPath: out)
    let line = StatusLine(isAside: output.json)
    defer { line.clear() }
    var images = 0
    try catalog.pack(folder, to: file) { done, all in
      images = all
      line.show(
        "packing \(Format.bar(Double(done) / Double(all))) \(Format.count(done)) of \(counted(all, "image"))")
    }
    line.show("checking")
    let dataset = try catalog.load(file.path)
    line.clear()
    let (descriptor, bytes) = try openPlainFile(file.path)
    close(descriptor)
    if output.json {
      return try Console.json(Figures(file: out, images: images, bytes: bytes, sha256: dataset.sha256))
    }
    Console.say("\(out): \(counted(images, "image")) of \(dataset.shape), \(Format.bytes(bytes))")
    Console.say("sha256 \(dataset.sha256)")
    Console.say("next: facsimile train conv-autoencoder --data \(shellQuoted(path: out))")
  }
}
