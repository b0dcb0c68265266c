import Foundation
import TestSupport
import Testing

/// Maps of codes, on the CPU backend with a data set of a hundred images.
@Suite("Latent maps")
struct LatentTests {
  private let place: TemporaryFolder

  init() throws { place = try TemporaryFolder() }

  private func train(_ settings: [String] = [], labels: Bool = true) throws {
    try place.putDataset(labels: labels)
    let trained = try Facsimile.run(
      ["train", "conv-autoencoder", "--epochs", "1", "--data", "data", "--device", "cpu", "--out", "run"]
        + settings, in: place.url)
    #expect(trained.status == 0, "\(trained.errors)")
  }

  private func latent(_ arguments: [String]) throws -> Facsimile.Result {
    try Facsimile.run(["latent", "run", "--device", "cpu"] + arguments, in: place.url)
  }

  private struct Figures: Decodable {
    let method: String
    let images: Int
    let latent: Int
    let perplexity: Double?
    let klDivergence: Double?
    let explained: [Double]?
    let neighbours: Int
    let trustworthiness: Double
    let neighbourRecall: Double
    let rankCorrelation: Double
    let faint: Int
  }

  @Test("Every kind of file, the same bytes with any number of threads")
  func files() throws {
    try train()
    let tsne = ["--method", "tsne", "--perplexity", "5"]
    for (name, first) in [
      ("map.png", [0x89, 0x50]), ("map.svg", [0x3C, 0x73]), ("map.csv", [0x69, 0x6E]),
      ("map.html", [0x3C, 0x21]),
    ] as [(String, [UInt8])] {
      let written = try ["1", "2"].map { threads in
        let result = try latent(tsne + ["--threads", threads, "--out", name])
        #expect(result.status == 0, "\(result.errors)")
        return try Data(contentsOf: place.file(name))
      }
      #expect(written[0] == written[1] && Array(written[0].prefix(2)) == first, "\(name)")
    }
    let rows = try String(contentsOf: place.file("map.csv"), encoding: .utf8).split(separator: "\n")
    #expect(rows[0] == "index,label,x,y,kept" && rows.count == 31)
    let fields = rows.dropFirst().map { $0.split(separator: ",") }
    #expect(fields.enumerated().allSatisfy { $1.count == 5 && Int($1[0]) == $0 && Double($1[2]) != nil })
    let folder = try latent(tsne + ["--out", "projector"])
    #expect(folder.status == 0, "\(folder.errors)")
    let names = try FileManager.default.contentsOfDirectory(atPath: place.path("projector"))
    #expect(
      Set(names).isSuperset(of: ["tensors.tsv", "metadata.tsv", "sprite.png", "projector_config.json"]))
  }

  @Test("Figures of both methods")
  func figures() throws {
    try train(["--set", "latent=3"])
    let tsne = try latent(["--method", "tsne", "--perplexity", "5", "--out", "a.csv", "--json"])
      .json(Figures.self)
    #expect(tsne.method == "tsne" && tsne.images == 30 && tsne.latent == 3 && tsne.perplexity == 5)
    #expect(tsne.klDivergence! > 0 && tsne.explained == nil && tsne.neighbours == 9)
    #expect(tsne.trustworthiness > 0.8 && tsne.neighbourRecall > 0.4 && tsne.rankCorrelation > 0.2)
    let pca = try latent(
      ["--method", "pca", "--split", "train", "--count", "20", "--out", "b.svg", "--json"]
    ).json(Figures.self)
    #expect(pca.images == 20 && pca.perplexity == nil && pca.klDivergence == nil)
    #expect(abs(pca.explained!.reduce(0, +) - 1) < 1e-12 && pca.explained!.count == 3)
  }

  @Test("A latent of one dimension, and a run without labels")
  func unusual() throws {
    try train(["--set", "latent=1"], labels: false)
    for method in ["pca", "tsne"] {
      let result = try latent(["--method", method, "--perplexity", "5", "--out", "\(method).csv"])
      #expect(result.status == 0, "\(result.errors)")
      #expect(try latent(["--method", method, "--perplexity", "5", "--out", "\(method).png"]).status == 0)
    }
    let rows = try String(contentsOf: place.file("pca.csv"), encoding: .utf8).split(separator: "\n")
    #expect(rows[1].hasPrefix("0,,") && rows.dropFirst().allSatisfy { $0.split(separator: ",")[2] == "0.0" })
  }

  @Test("Invalid requests are refused")
  func wrong() throws {
    try train()
    for (arguments, text) in [
      (["--method", "tsne", "--out", "a.png"], "--perplexity is 30.0: 30 images allow at most 9.0"),
      (["--method", "tsne", "--perplexity", "0.5", "--out", "a.png"], "--perplexity is 0.5"),
      (["--method", "pca", "--out", "a.jpg"], "expected a .png, .svg, .csv or .html file"),
      (["--method", "pca", "--out", "none/a.png"], "there is no folder"),
      (["--method", "pca", "--out", "run/manifest.json"], "expected a .png"),
      (["--method", "pca", "--count", "0", "--out", "a.png"], "--count is '0'"),
      (
        ["--method", "tsne", "--count", "3", "--out", "a.png"],
        "tsne needs at least 4 images, and there are 3"
      ),
      (
        ["--method", "pca", "--count", "3", "--out", "a.png"], "pca needs at least 4 images, and there are 3"
      ),
    ] {
      try Facsimile.expectFailure(
        ["latent", "run", "--device", "cpu"] + arguments, status: 64, text, in: place.url)
    }
    #expect(!FileManager.default.fileExists(atPath: place.path("a.png")))
  }
}
