import Foundation
import Models
import Storage
import Testing

@Suite struct ParameterTableTests {
  static let goldens = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("Goldens")

  @Test(
    "Names and shapes are PyTorch's",
    arguments: [
      "conv-autoencoder", "conv-autoencoder-wide", "conv-autoencoder-default", "denoising-autoencoder",
      "classifier", "vae", "conv-vae",
    ])
  func twins(_ name: String) throws {
    let file = try SafeTensors(contentsOf: Self.goldens.appendingPathComponent("\(name).safetensors"))
    var configuration = Configuration(try ModelKind(name: try #require(file.metadata["model"])))
    for key in ["latent", "filters", "hidden"] where key != "filters" || configuration.model != .vae {
      try configuration.set(key, try #require(file.metadata[key]))
    }
    let table = try ParameterTable(configuration.architecture)
    let expected = file.names.filter { $0.hasPrefix("initial.") }
    #expect(Set(table.parameters.map { "initial." + $0.name }) == Set(expected))
    for parameter in table.parameters {
      #expect(try file.tensor("initial." + parameter.name).shape == parameter.shape.dimensions)
    }
  }

  @Test func stateOrderAndBounds() throws {
    let table = try ParameterTable(Configuration(.convAutoencoder).architecture)
    #expect(
      table.parameters.prefix(4).map(\.name)
        == ["encoder.conv1.weight", "encoder.conv1.bias", "encoder.conv2.weight", "encoder.conv2.bias"])
    func bound(_ name: String) throws -> Float { table.parameters[try #require(table.index(name))].bound }
    #expect(try bound("encoder.conv2.bias") == Float(1 / 72.0.squareRoot()))
    #expect(try bound("decoder.fc1.weight") == Float(1 / 10.0.squareRoot()))
    // PyTorch takes dimension 1 of (in, out, kh, kw) for the inputs: 16 · 9, not 32 · 9.
    #expect(try bound("decoder.convt1.weight") == Float(1 / 144.0.squareRoot()))
  }

  @Test("Tensors do not overlap", arguments: ModelKind.allCases)
  func places(_ kind: ModelKind) throws {
    let table = try ParameterTable(Configuration(kind).architecture)
    let sorted = table.parameters.sorted { $0.offset < $1.offset }
    for (a, b) in zip(sorted, sorted.dropFirst()) { #expect(a.offset + a.shape.packedCount <= b.offset) }
    #expect(sorted.allSatisfy { $0.offset % 128 == 0 })
    #expect(sorted.last!.offset + sorted.last!.shape.packedCount <= table.arenaCount)
  }

  @Test func lastLayers() throws {
    let table = try ParameterTable(Configuration(.classifier).architecture)
    let names = table.trainable(.last(2)).sorted().map { table.parameters[$0].name }
    #expect(names == ["encoder.fc2.weight", "encoder.fc2.bias", "head.weight", "head.bias"])
  }
}
