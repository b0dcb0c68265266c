import Foundation
import TestSupport
import Testing

@Suite("The command line")
struct ArgumentTests {
  private let place: TemporaryFolder

  init() throws { place = try TemporaryFolder() }

  @Test("The version names version, commit and contract")
  func version() throws {
    let result = try Facsimile.run(["--version"])
    #expect(result.status == 0 && result.errors.isEmpty)
    #expect(result.output.contains(/^facsimile \d+\.\d+\.\d+, commit \S+, numerics contract \d+\n$/))
  }

  static let commands = [
    "train", "evaluate", "reconstruct", "generate", "latent", "denoise-curve", "search", "cross-validate",
    "study", "report", "runs", "serve", "verify", "compare", "sign", "devices", "parity", "bench", "plan",
    "data",
    "export",
    "import",
  ]

  @Test("Every command has help with examples", arguments: commands)
  func help(_ command: String) throws {
    let result = try Facsimile.run([command, "--help"])
    #expect(result.status == 0 && result.errors.isEmpty)
    #expect(result.output.contains("facsimile \(command)"))
    #expect(result.output.contains("Examples:"))
  }

  @Test("The help lists exactly the commands there are")
  func overview() throws {
    let result = try Facsimile.run(["--help"])
    #expect(result.status == 0)
    for command in Self.commands { #expect(result.output.contains("\n  \(command) "), "\(command)") }
    #expect(!result.output.contains("\n  tune "))
  }

  @Test(
    "Bad usage is one line and status 64",
    arguments: [
      (["fly"], "unknown command 'fly': expected one of train"),
      (["train", "--epoch", "3"], "facsimile train --help"),
      (["trian", "--help"], "unknown command 'trian' (did you mean train?)"),
      (["data", "lst", "--help"], "unknown command of data 'lst' (did you mean list?)"),
      (["train", "vae", "--lr", "3"], "Unknown option '--lr' (did you mean --set learning-rate=…?)"),
      (["train", "vae", "--epoch", "3"], "--epochs"),
      (["train", "conv-autoencodr"], "(did you mean conv-autoencoder?)"),
      (["plan", "vae", "--set", "latnet=3"], "vae has no key 'latnet' (did you mean latent?): expected"),
      (["plan", "vae", "--set", "learning_rate=3"], "(did you mean learning-rate?)"),
      (["plan", "vae", "--set", "lr=3"], "(did you mean learning-rate?)"),
      (["plan", "vae", "--set", "filters=3"], "vae has no key 'filters', which conv-autoencoder, "),
      (["train", "vae", "--epochs", "-3"], "epochs is '-3': expected a whole number from 1 to"),
      (["export", "run", "--format", "onxn", "--out", "x"], "(did you mean onnx?)"),
      (["train"], "no model given: expected one of conv-autoencoder"),
      (["train", "vae"], "no data set given: name one with --data (mnist"),
      (["cross-validate", "vae", "--folds", "3"], "no data set given: name one with --data (mnist"),
      (["study", "--quick"], "no data set given: name one with --data (mnist"),
      (["train", "transformer"], "unknown model 'transformer': expected one of conv-autoencoder"),
      (["plan", "vae", "--set", "width=3"], "vae has no key 'width': expected one of"),
      (["plan", "vae", "--set", "latent"], "expected key=value"),
      (["plan", "vae", "--set", "latent=0"], "latent is '0': expected a whole number from 1"),
      (["plan", "vae", "--set", "dropout=1.5"], "dropout is '1.5'"),
      (["plan", "vae", "--batch-size", "0"], "batch-size is '0'"),
      (["plan", "conv-autoencoder", "--set", "filters=8,,16"], "filters is '8,,16'"),
      (["plan", "conv-autoencoder", "--images", "0"], "--images is 0"),
      (["plan", "vae", "--latency", "5"], "--latency has no effect without --processes"),
      (["plan", "vae", "--processes", "2", "--set", "shards=2", "--bandwidth", "0"], "--bandwidth is 0"),
      (["train", "vae", "--epochs", "many"], "epochs is 'many'"),
      (["train", "vae", "--seed", "-1"], "seed"),
      (["train", "vae", "--epochs", "3", "--trainable", "all:1"], "--epochs has no effect"),
      (["plan", "vae", "--set", "latent=3", "latent=4"], "--set gives latent twice"),
      (["plan", "vae", "--set", "clip-norm=1e-300"], "clip-norm is 1e-300"),
      (["plan", "vae", "--set", "trainable=last-+2"], "trainable is 'last-+2'"),
      (["evaluate", "run", "--noise", "1e38"], "--noise is 1e+38"),
      (["bench", "--device", "abacus"], "no device 'abacus': this machine has cpu"),
      (["bench", "--device", "opencl:x"], "expected opencl:PLATFORM.DEVICE"),
      (["bench", "--device", "cpu", "--threads", "0"], "--threads is 0"),
      (["bench", "--device", "cpu", "--rounds", "0"], "--rounds is 0"),
      (["parity", "--model", "gan"], "unknown model 'gan'"),
      (["parity", "--steps", "0"], "--steps is 0"),
      (["parity", "--operation", "linear_forwad"], "did you mean linear_forward"),
      (["reconstruct", "run", "--out", "picture.jpg"], "expected a .png file"),
      (["export", "run", "--format", "pickle", "--out", "x"], "--format is 'pickle'"),
      (["evaluate", "run", "--split", "all"], "all"),
    ] as [([String], String)])
  func usage(_ arguments: [String], _ text: String) throws {
    try Facsimile.expectFailure(arguments, status: 64, text)
  }

  @Test("Help has every key with its default and the models that have it")
  func defaults() throws {
    let help = try Facsimile.run(["train", "--help"], environment: ["COLUMNS": "400"]).output
      .split(whereSeparator: \.isWhitespace).joined(separator: " ")
    #expect(
      help.contains(
        /latent: width of the latent code; a whole number from 1 to 4096 \(default: 10, [a-z-]+ \d+/))
    #expect(
      help.contains(
        /filters: [^;]+; [^(]+\(default: [0-9,a-z -]+\) \[conv-autoencoder, denoising-autoencoder, classifier, conv-vae\]/
      ))
    for option in ["Epochs to train", "Images per step", "Random seed"] {
      #expect(help.contains(option + " (default: "), "\(option)")
    }
  }

  @Test("Settings come from file, --set and options, the last counting")
  func settings() throws {
    try place.put("c.yaml", Data("model: conv-autoencoder\nlatent: 3\nbatch-size: 8\n".utf8))
    struct Plan: Decodable {
      let model: String
      let batchSize: Int
      let parameters: Int
    }
    func plan(_ arguments: [String]) throws -> Plan {
      let result = try Facsimile.run(["plan"] + arguments + ["--json"])
      #expect(result.status == 0, "\(result.errors)")
      return try result.json()
    }
    let file = try plan(["--config", place.path("c.yaml")])
    #expect(file.model == "conv-autoencoder" && file.batchSize == 8)
    let set = try plan([
      "--config", place.path("c.yaml"), "--batch-size", "5", "--set", "latent=4", "hidden=32",
    ])
    #expect(set.batchSize == 5 && set.parameters != file.parameters)
    // --set takes everything after it, but a model at the end is still the model.
    #expect(
      try plan(["--set", "latent=4", "--set", "hidden=32", "conv-autoencoder"]).parameters == set.parameters)
    try Facsimile.expectFailure(
      ["plan", "vae", "--config", place.path("c.yaml")], status: 64, "c.yaml: model is 'conv-autoencoder'")
  }

  @Test("Devices as JSON: the CPU backend passes")
  func devices() throws {
    struct Device: Decodable {
      let identifier: String
      let name: String
      let kind: String
      let passed: Bool
    }
    let result = try Facsimile.run(["devices", "--json"])
    #expect(result.status == 0)
    let devices = try result.json([Device].self)
    #expect(devices.first?.identifier == "cpu" && devices.first?.passed == true)
    #expect(devices.first?.kind == "cpu" && devices.first?.name.isEmpty == false)
  }

  @Test("Platforms without a device are named, as text and as JSON")
  func platforms() throws {
    // PoCL knows no such device; other drivers ignore the variable.
    let environment = ["POCL_DEVICES": "none"]
    struct Row: Decodable {
      let identifier: String
      let platform: String
      let passed: Bool
      let problem: String?
    }
    let rows = try Facsimile.run(["devices", "--json"], environment: environment).json([Row].self)
    guard let row = rows.first(where: { $0.platform == "Portable Computing Language" }) else { return }
    #expect(!row.passed && row.problem == "the platform has no device")
    let text = try Facsimile.run(["devices"], environment: environment)
    #expect(text.status == 0)
    #expect(text.output.contains("\(row.identifier) (\(row.platform)): the platform has no device"))
  }

  @Test("A parity run that can compare nothing fails, and says so")
  func parityOfNothing() throws {
    let none = try Facsimile.run(["parity", "--functions"], environment: ["OCL_ICD_VENDORS": "/nowhere"])
    #expect(none.status == 1 && none.output.isEmpty)
    #expect(none.errors.contains("skipped OpenCL: no OpenCL platform"))
    #expect(none.errors.contains("error: nothing was compared: the CPU backend is the only device"))
    let alone = try Facsimile.run(["parity", "--model", "vae", "--steps", "1", "--device", "cpu", "--json"])
    struct Report: Decodable {
      let cases: Int
      let identical: Int
    }
    let report = try alone.json(Report.self)
    #expect(alone.status == 0 && report.cases > 0 && report.identical == report.cases)
  }

  @Test("bench --json has the agreed keys")
  func bench() throws {
    struct Row: Decodable {
      let model: String
      let device: String
      let batch: Int
      let phase: String
      let imagesPerSecond: Double
      let flopsPerSecond: Double
      let peakMemoryBytes: Int
    }
    let result = try Facsimile.run([
      "bench", "--device", "cpu", "--batch-size", "16", "--rounds", "1", "--seconds", "0.01", "--json",
    ])
    #expect(result.status == 0, "\(result.errors)")
    let rows = try result.json([Row].self)
    #expect(rows.map(\.phase) == ["train", "forward"])
    for row in rows {
      #expect(row.model == "conv-autoencoder" && row.device == "cpu" && row.batch == 16)
      #expect(row.imagesPerSecond > 0 && row.flopsPerSecond > 0 && row.peakMemoryBytes > 40_000_000)
    }
  }

  @Test("bench --operations measures every operation of a step")
  func operations() throws {
    struct Row: Decodable {
      let model: String
      let operations: [String]
      let seconds: Double
      let bytesPerSecond: Double
      let limit: String
      let shareOfLimit: Double
    }
    let words = [
      "bench", "--device", "cpu", "--batch-size", "16", "--rounds", "1", "--seconds", "0.01", "--operations",
    ]
    let rows = try Facsimile.run(words + ["--json"]).json([Row].self)
    #expect(rows.first?.operations == ["gather_images"] && rows.last?.operations == ["update"])
    #expect(rows.allSatisfy { $0.model == "conv-autoencoder" && $0.seconds > 0 && $0.bytesPerSecond > 0 })
    #expect(rows.allSatisfy { ["fma", "memory"].contains($0.limit) && $0.shareOfLimit > 0 })
    let text = try Facsimile.run(words)
    #expect(text.status == 0 && text.output.contains(" µs a step\n"), "\(text.errors)")
  }
}
