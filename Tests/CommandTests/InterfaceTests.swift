import Foundation
import TestSupport
import Testing

/// What scripts rely on: names and types in JSON, line lengths, runs extended by more epochs, saved folds.
@Suite("As an interface")
struct InterfaceTests {
  private let place: TemporaryFolder

  init() throws {
    place = try TemporaryFolder()
    try place.putDataset()
  }

  private static let small = ["--device", "cpu", "--batch-size", "16", "--set", "hidden=8", "latent=2"]

  private func run(_ arguments: [String]) throws -> Facsimile.Result {
    let result = try Facsimile.run(arguments, in: place.url)
    #expect(result.status == 0, "\(arguments): \(result.errors)")
    return result
  }

  /// Every key of a JSON value, with its value.
  private func keys(_ value: Any) -> [(key: String, value: Any)] {
    if let object = value as? [String: Any] {
      return object.flatMap { [($0.key, $0.value)] + keys($0.value) }
    }
    return (value as? [Any])?.flatMap { keys($0) } ?? []
  }

  private func json(_ data: Data) throws -> Any { try JSONSerialization.jsonObject(with: data) }

  @Test("Keys are in snake case; epochs is a list, epoch_count a number; settings are numbers")
  func names() throws {
    let data = ["--data", "data"]
    var found: [(key: String, value: Any)] = []
    for model in ["vae", "conv-autoencoder"] {
      found += keys(
        try json(
          Data(
            run(["train", model, "--epochs", "2", "--out", model, "--json"] + data + Self.small).output.utf8))
      )
      found += keys(try json(Data(contentsOf: place.file("\(model)/manifest.json"))))
      for command in [
        ["evaluate", model], ["latent", model, "--method", "pca", "--out", "map.csv"],
        ["reconstruct", model, "--out", "r.png"], ["generate", model, "--out", "g.png", "--count", "4"],
        ["denoise-curve", model, "--out", "d.csv"], ["report", model],
        ["export", model, "--format", "onnx", "--out", "m.onnx"],
      ] {
        found += keys(try json(Data(run(command + ["--json", "--device", "cpu"]).output.utf8)))
      }
    }
    try place.put(
      "s.yaml",
      Data("model: vae\nepochs: 1\nfixed: {hidden: 8}\nspace: {latent: [2], kl-warm-up: [0, 1]}".utf8))
    found += keys(try json(Data(run(["search", "s.yaml", "--json", "--device", "cpu"] + data).output.utf8)))
    let validate = ["cross-validate", "vae", "--folds", "2", "--epochs", "1", "--json"]
    found += keys(try json(Data(run(validate + data + Self.small).output.utf8)))
    for command in [["devices"], ["plan", "vae"], ["data", "list"], ["data", "inspect", "data"]] {
      found += keys(try json(Data(run(command + ["--json"]).output.utf8)))
    }
    for (key, value) in found {
      #expect(key.wholeMatch(of: /[a-z0-9]+(_[a-z0-9]+)*/) != nil, "\(key)")
      if key == "epochs" { #expect(value is [Any] || value is Int, "\(value)") }
      if ["epoch_count", "latent", "batch_size", "learning_rate", "kl_warm_up"].contains(key) {
        #expect(value is NSNumber, "\(key): \(value)")
      }
    }
    for key in ["epoch_count", "standard_deviation", "kl_divergence", "kl_warm_up", "command_line"] {
      #expect(found.contains { $0.key == key }, "\(key)")
    }
  }

  @Test("A manifest says who trained it, in a part that its hash leaves out")
  func sessions() throws {
    struct Manifest: Decodable {
      struct Session: Decodable {
        let date: String
        let commit: String
        let commandLine: String
        let threads: Int
        let data: String
      }
      let sessions: [Session]
    }
    _ = try run(
      ["train", "vae", "--data", "data", "--out", "a b", "--epochs", "1", "--threads", "2"] + Self.small)
    _ = try run(["train", "--resume", "a b", "--epochs", "2", "--device", "cpu", "--threads", "1"])
    let file = place.file("a b/manifest.json")
    let sessions = try Facsimile.decode(Manifest.self, Data(contentsOf: file)).sessions
    #expect(sessions.map(\.threads) == [2, 1])
    #expect(sessions.allSatisfy { $0.date.wholeMatch(of: /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ/) != nil })
    #expect(
      sessions[0].commandLine.contains("train vae --data data --out 'a b'") && !sessions[0].commit.isEmpty)
    #expect(sessions[0].data == place.path("data"))
    // Whatever it says, the run counts as intact.
    let text = try String(contentsOf: file, encoding: .utf8)
    try Data(text.replacing("'a b'", with: "elsewhere").utf8).write(to: file)
    _ = try run(["evaluate", "a b", "--device", "cpu"])
  }

  @Test("Lines of epochs fit a hundred columns", arguments: ["vae", "classifier", "conv-vae"])
  func lines(_ model: String) throws {
    let result = try run(["train", model, "--data", "data", "--epochs", "10"] + Self.small)
    let lines = result.output.split(separator: "\n").filter { $0.hasPrefix("epoch") }
    #expect(lines.count == 10 && lines.allSatisfy { $0.count <= 100 }, "\(lines)")
    #expect(lines.allSatisfy { $0.contains(model == "classifier" ? " %)" : "(KL ") })
  }

  @Test("A run resumed for more epochs gives the result of the longer run")
  func longer() throws {
    let settings = Self.small + ["schedule=step", "schedule-epochs=2"]
    let whole = try run(
      ["train", "conv-autoencoder", "--data", "data", "--epochs", "5", "--out", "whole", "--json"] + settings)
    _ = try run(["train", "conv-autoencoder", "--data", "data", "--epochs", "2", "--out", "run"] + settings)
    let longer = try run(["train", "--resume", "run", "--epochs", "5", "--device", "cpu", "--json"])
    #expect(longer.errors.contains("epochs: 2 → 5 · the learning-rate schedule keeps its steps of 2 epochs"))
    struct Figures: Decodable {
      let epochCount: Int
      let stateSha256: String
    }
    let (a, b) = (try whole.json(Figures.self), try longer.json(Figures.self))
    #expect(b.epochCount == 5 && a.stateSha256 == b.stateSha256)
    let again = try run(["train", "--resume", "run", "--device", "cpu"])
    #expect(again.output.contains("all 5 epochs are done"))
    try Facsimile.expectFailure(
      ["train", "--resume", "run", "--epochs", "3", "--device", "cpu", "--json"], status: 2,
      "5 epochs are done already", in: place.url, besides: 1)
    _ = try run(
      ["train", "conv-autoencoder", "--data", "data", "--epochs", "1", "--out", "cosine"] + Self.small + [
        "schedule=cosine"
      ])
    let stretched = try run(["train", "--resume", "cosine", "--epochs", "3", "--device", "cpu", "--json"])
    #expect(
      stretched.errors.contains(
        "from epoch 2 on the learning rate follows a cosine over 3 epochs, and before it"))
  }

  @Test("Folds are saved: a stopped and resumed cross-validation gives the same result")
  func folds() throws {
    let command =
      ["cross-validate", "vae", "--folds", "3", "--epochs", "40", "--data", "data", "--json"] + Self.small
    struct Fold: Decodable {
      let stateSha256: String
      let epochCount: Int
    }
    struct Figures: Decodable { let folds: [Fold] }
    let whole = try run(command).json(Figures.self)
    // Without --json, so that the stop can wait for a line of text.
    let plain = command.filter { $0 != "--json" } + ["--out", "kept"]
    let stopped = try Facsimile.run(plain, in: place.url, stop: .interrupt(after: "fold 1/3"))
    #expect(stopped.status == 130 && stopped.errors.contains("everything done is kept"), "\(stopped.errors)")
    let rest = try run(command + ["--out", "kept"])
    #expect(rest.errors.contains(/resumed: \d folds? of 3 already done/))
    #expect(try rest.json(Figures.self).folds.map(\.stateSha256) == whole.folds.map(\.stateSha256))
    #expect(
      try place.names().contains("kept")
        && FileManager.default.fileExists(atPath: place.path("kept/fold-3.safetensors")))
    let other = try Facsimile.run(
      command.map { $0 == "40" ? "2" : $0 } + ["--out", "kept"], in: place.url)
    #expect(other.status == 2 && other.errors.contains("its epochs is 40, this one's 2"), "\(other.errors)")
  }
}
