import Foundation
import Interchange
import Models
import Storage
import SwiftProtobuf
import Testing
import Training

/// Models as ONNX files; `tools/check-exports` checks that runtimes compute what we do.
@Suite("ONNX")
struct ONNXTests {
  /// A model, a part, and its inputs and outputs.
  struct Case: CustomStringConvertible, Sendable {
    let kind: ModelKind
    var part = ModelPart.model
    var settings: [(key: String, value: String)] = []
    let inputs: [String]
    let outputs: [String]
    let sha256: String

    var description: String { "\(kind.rawValue) \(part.rawValue)" }
  }

  static let cases = [
    Case(
      kind: .convAutoencoder, inputs: ["image [1, 28, 28]"],
      outputs: ["reconstruction [1, 28, 28]", "code [10]"],
      sha256: "f95e7e6833bc5a60aa9a0ab5addf790d1a5428ffa9285db78ac9974e2233fb75"),
    Case(
      kind: .convAutoencoder, part: .encoder,
      settings: [
        ("image", "3x17x45"), ("filters", "4,5,6,7"), ("hidden", "20,12"), ("activation", "leaky-relu"),
        ("dropout", "0.2"), ("latent", "3"),
      ], inputs: ["image [3, 17, 45]"], outputs: ["code [3]"],
      sha256: "86a441601205bb2381277e7df97c00bc6cabce1c9c6e5f9678a721a77638b320"),
    Case(
      kind: .denoisingAutoencoder, part: .decoder,
      settings: [("loss", "binary-cross-entropy"), ("activation", "softplus")], inputs: ["code [10]"],
      outputs: ["reconstruction [1, 28, 28]", "logits [1, 28, 28]"],
      sha256: "bc91c8053d4a729aec6e432f9188cbdaf12b2aedae3bdfc78854d9acd66a1cb2"),
    Case(
      kind: .classifier, settings: [("classes", "7"), ("activation", "tanh")], inputs: ["image [1, 28, 28]"],
      outputs: ["logits [7]", "probabilities [7]", "code [10]"],
      sha256: "c881ef762aaa6a03cbda2ad37aa66a0d878688a2ac88d978c759599aef744ca7"),
    Case(
      kind: .classifier, part: .classifier, inputs: ["image [1, 28, 28]"],
      outputs: ["logits [10]", "probabilities [10]"],
      sha256: "e5dd8386f3013e8f649bfb804ff2a70f185b0b40df0ef0c8c0140643aeae6337"),
    Case(
      kind: .vae, settings: [("hidden", "12,8")], inputs: ["image [1, 28, 28]"],
      outputs: ["reconstruction [1, 28, 28]", "logits [1, 28, 28]", "code [2]", "logvar [2]"],
      sha256: "f314c33557e11ddc686bf17f69606dc52d6609e05fe4627d082088ff75950832"),
    Case(
      kind: .vae, part: .encoder, settings: [("hidden", "12"), ("image", "3x8x8")],
      inputs: ["image [3, 8, 8]"], outputs: ["code [2]", "logvar [2]"],
      sha256: "f5a0576482d8edb39e1f2394c10b6321c05f10a0aa803c16eb8df767307df80b"),
    Case(
      kind: .convVAE, part: .decoder, settings: [("image", "3x32x32"), ("activation", "sigmoid")],
      inputs: ["code [2]"], outputs: ["reconstruction [3, 32, 32]", "logits [3, 32, 32]"],
      sha256: "47ad1dffa01a8f24be5125b09f415a5f315b5feada7c09a2100bdd53dddbe328"),
  ]

  /// Name and sizes after the batch, which is of any size.
  private func texts(_ values: [ONNXValueInfoProto]) -> Set<String> {
    Set(
      values.map { value in
        let sizes = value.type.tensorType.shape.dim
        #expect(sizes[0].dimParam == "batch" && value.type.tensorType.elemType == .float)
        return "\(value.name) \(sizes.dropFirst().map { Int($0.dimValue) })"
      })
  }

  @Test(
    "The bytes are those of weights and settings; every value is made once before it is read",
    arguments: cases)
  func structure(_ test: Case) throws {
    let weights = try Support.weights(test.kind, test.settings)
    let data = try ONNXModel(weights, part: test.part, facts: ["data_sha256": "abc"]).data()
    let model = try ONNXModelProto(serializedBytes: data)
    #expect(model.opsetImport.map(\.version) == [17] && model.producerName == "Facsimile")
    #expect(texts(model.graph.input) == Set(test.inputs))
    #expect(texts(model.graph.output) == Set(test.outputs))

    var known = Set(model.graph.input.map(\.name) + model.graph.initializer.map(\.name))
    for node in model.graph.node {
      #expect(node.input.allSatisfy(known.contains), "\(node.name) reads what is not there")
      #expect(node.output.allSatisfy { known.insert($0).inserted }, "\(node.name) makes what is there")
    }
    #expect(model.graph.output.allSatisfy { known.contains($0.name) })

    let parameters = model.graph.initializer.filter { $0.dataType == .float }
    for parameter in parameters {
      let tensor = try #require(weights.state.parameters.first { $0.name == parameter.name })
      #expect(parameter.dims == tensor.shape.map(Int64.init))
      #expect(parameter.rawData == tensor.values.withUnsafeBytes { Data($0) })
    }
    let isWhole = [.model, .classifier].contains(test.part)
    #expect(!isWhole || parameters.count == weights.state.parameters.count)

    if let logvar = model.graph.node.first(where: { $0.output == ["logvar"] }) {
      let mean = try #require(model.graph.node.first { $0.output == ["code"] })
      #expect(logvar.input == [mean.input[0], "encoder.logvar.weight", "encoder.logvar.bias"])
      #expect(logvar.attribute == mean.attribute && logvar.opType == mean.opType)
    }

    let facts = Dictionary(uniqueKeysWithValues: model.metadataProps.map { ($0.key, $0.value) })
    #expect(facts["model"] == test.kind.rawValue && facts["part"] == test.part.rawValue)
    #expect(facts["epoch"] == "3" && facts["data_sha256"] == "abc")
    #expect(facts["weights_sha256"] == weights.state.sha256)
    // The graph alone: a new version, or a new configuration key, changes the metadata.
    let sha256 = try Fingerprint.hex(of: model.graph.serializedData())
    #expect(sha256 == test.sha256)
  }

  @Test("A part that the model has not is refused, with those that it has")
  func parts() throws {
    for (kind, part, text) in [
      (ModelKind.convAutoencoder, ModelPart.classifier, "expected one of model, encoder, decoder"),
      (.classifier, .decoder, "expected one of model, encoder, classifier"),
    ] {
      let error = try #require(throws: InterchangeError.self) {
        try ONNXModel(Support.weights(kind), part: part)
      }
      #expect(error.description.contains("a \(kind.rawValue) has no \(part.rawValue): \(text)"))
    }
  }
}
