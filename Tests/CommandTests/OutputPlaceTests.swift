import Foundation
import TestSupport
import Testing

/// Where `--out` and similar options may write, and what must stay unchanged.
@Suite("Where output may go", .serialized)
struct OutputPlaceTests {
  private let place: TemporaryFolder
  private static let device = ["--device", "cpu"]
  private static let training = device + ["--epochs", "1", "--set", "hidden=8"]

  init() throws {
    place = try TemporaryFolder()
    try place.putDataset()
    let made = try Facsimile.run(
      ["train", "vae", "--data", "data", "--out", "run"] + Self.training, in: place.url)
    try #require(made.status == 0, "\(made.errors)")
  }

  /// Commands that write a file, given its name without extension.
  private static let files: [[String]] = [
    ["export", "run", "--format", "safetensors", "--out", "OUT"],
    ["export", "run", "--format", "onnx", "--out", "OUT"],
    ["export", "run", "--format", "parquet", "--out", "OUT"] + device,
    ["reconstruct", "run", "--out", "OUT.png"] + device,
    ["generate", "run", "--count", "4", "--out", "OUT.png"] + device,
    ["latent", "run", "--method", "pca", "--out", "OUT.png"] + device,
    ["latent", "run", "--method", "pca", "--out", "OUT.html"] + device,
    ["denoise-curve", "run", "--out", "OUT.csv"] + device, ["evaluate", "run", "--outputs", "OUT"] + device,
    ["evaluate", "run", "--curves", "OUT.svg"] + device,
    ["evaluate", "run", "--filters", "OUT.svg"] + device,
    ["search", "s.yaml", "--data", "data", "--storage", "OUT"] + device,
  ]

  /// Commands that create a folder.
  private static let folders: [[String]] = [
    ["train", "vae", "--data", "data", "--out", "OUT"] + training,
    ["import", "run/best.safetensors", "--model", "vae", "--out", "OUT"],
    ["export", "run", "--format", "tensorboard", "--out", "OUT"],
    ["export", "run", "--format", "projector", "--out", "OUT"] + device,
    ["latent", "run", "--method", "pca", "--out", "OUT"] + device,
    ["study", "--quick", "--data", "data", "--out", "OUT"] + device,
  ]

  private func put(_ arguments: [String], _ out: String) -> [String] {
    arguments.map { $0.replacing("OUT", with: out) }
  }

  private func refused(
    _ arguments: [String], _ text: String, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let result = try Facsimile.run(arguments, in: place.url)
    #expect(
      result.status == 2 || result.status == 64, "\(arguments): \(result.status)",
      sourceLocation: sourceLocation)
    let lines = result.errors.split(separator: "\n").filter { $0.hasPrefix("error: ") }
    #expect(
      lines.count == 1 && lines[0].contains(text), "\(arguments): \(result.errors)",
      sourceLocation: sourceLocation)
  }

  @Test("A pipe, a device or a folder is not replaced by a file")
  func filesStay() throws {
    try place.put("s.yaml", Data("model: vae\nfixed: {hidden: 8}\nepochs: 1\nspace: {latent: [2]}\n".utf8))
    for arguments in Self.files {
      let name = arguments.first { $0.contains("OUT") }!
      let pipe = name.replacing("OUT", with: "pipe")
      #expect(mkfifo(place.path(pipe), 0o600) == 0)
      try refused(put(arguments, "pipe"), "a pipe")
      var status = stat()
      #expect(lstat(place.path(pipe), &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
      unlink(place.path(pipe))
      let link = name.replacing("OUT", with: "link")
      try FileManager.default.createSymbolicLink(atPath: place.path(link), withDestinationPath: "/dev/null")
      try refused(put(arguments, "link"), "a device")
      unlink(place.path(link))
    }
    #expect(try place.names().filter { $0.contains("tmp") || $0.contains("runs") }.isEmpty)
  }

  @Test("Foreign files stay, whatever their names")
  func foldersStay() throws {
    let names = [
      "manifest.json", "metrics.csv", "best.safetensors", "checkpoint.safetensors", "images/epoch-001.png",
      "study.json",
      "tensors.tsv", "events.out.tfevents.facsimile", "initial.safetensors",
    ]
    for arguments in Self.folders {
      for name in names where name != "study.json" || arguments[0] != "study" {
        try place.put("theirs/\(name)", Data("mine".utf8))
        let result = try Facsimile.run(put(arguments, "theirs"), in: place.url)
        #expect(result.status == 2, "\(arguments) \(name)")
        #expect(result.errors.contains("theirs is not empty"), "\(arguments) \(name): \(result.errors)")
        #expect(try Data(contentsOf: place.file("theirs/\(name)")) == Data("mine".utf8))
        let others = try FileManager.default.subpathsOfDirectory(atPath: place.path("theirs"))
        #expect(Set(others).subtracting([name, "images"]).isEmpty, "\(arguments): \(others)")
        try FileManager.default.removeItem(at: place.file("theirs"))
      }
    }
  }

  @Test("A run that lost its configuration stays as it is")
  func lostConfiguration() throws {
    try FileManager.default.removeItem(at: place.file("run/config.yaml"))
    let before = try Data(contentsOf: place.file("run/checkpoint.safetensors"))
    try refused(put(Self.folders[0], "run"), "lost its config.yaml")
    #expect(try Data(contentsOf: place.file("run/checkpoint.safetensors")) == before)
  }

  @Test("Nor is a file of a run written over by what is made of it")
  func filesOfARun() throws {
    let names = ["checkpoint.safetensors", "best.safetensors", "config.yaml", "manifest.json", "metrics.csv"]
    for name in names {
      let before = try Data(contentsOf: place.file("run/\(name)"))
      try refused(["export", "run", "--format", "safetensors", "--out", "run/\(name)"], "belongs to the run")
      #expect(try Data(contentsOf: place.file("run/\(name)")) == before)
    }
  }

  @Test("A run that was killed before its first files were all there is begun again; its rests go")
  func halfBegun() throws {
    for name in [".lock", ".facsimile-dead.tmp", "checkpoint.safetensors", "manifest.json"] {
      try place.put("half/\(name)", Data("1\nbeginning\n".utf8))
    }
    let result = try Facsimile.run(put(Self.folders[0], "half"), in: place.url)
    #expect(result.status == 0, "\(result.errors)")
    let names = try FileManager.default.contentsOfDirectory(atPath: place.path("half")).sorted()
    #expect(
      names == [
        ".lock", "best.safetensors", "checkpoint.safetensors", "config.yaml", "images", "manifest.json",
        "metrics.csv",
        "previous.safetensors",
      ])
  }

  @Test("A damaged checkpoint names the one before it, with a command that continues from there")
  func damagedCheckpoint() throws {
    try Facsimile.expectFailure(
      ["train", "vae", "--data", "data", "--checkpoint", "x"], status: 64, "--resume RUN", in: place.url)
    var data = try Data(contentsOf: place.file("run/checkpoint.safetensors"))
    data[data.count - 5] ^= 16
    try data.write(to: place.file("run/checkpoint.safetensors"))
    let resume = ["train", "--resume", "run"] + Self.device
    let result = try Facsimile.run(resume, in: place.url)
    #expect(result.status == 2)
    let command = try #require(result.errors.firstMatch(of: /\(facsimile (train --resume .*)\)/)?.1)
    let again = try Facsimile.run(command.split(separator: " ").map(String.init) + Self.device, in: place.url)
    #expect(again.status == 0, "\(again.errors)")
    #expect(try Facsimile.run(resume, in: place.url).status == 0)
  }
}
