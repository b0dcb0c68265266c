import Foundation
import Models
import Search
import TestSupport
import Testing

@Suite struct SpaceTests {
  private static let plain = "space: {latent: [2, 4]}"
  private static let hash = String(repeating: "0f", count: 32)

  @Test(
    "Impossible spaces are refused with what is wrong",
    arguments: [
      ("space: {latent: [2]}", "names no model"),
      ("model: autoencoder\n\(plain)", "unknown model 'autoencoder'"),
      ("model: vae", "the space is empty"),
      ("model: vae\nspace: {}", "the space is empty"),
      ("model: vae\nspace: [latent]", "space is not a list of 'key: value'"),
      ("model: vae\nspace: {latent: []}", "latent has no values"),
      ("model: vae\nspace: {latent: 4}", "latent: expected a list of values"),
      (
        "model: vae\nspace: {latents: [2]}",
        "vae has no key 'latents' (did you mean latent?): expected one of model, latent"
      ),
      ("model: vae\nspace: {filters: []}", "vae has no key 'filters'"),
      ("model: vae\nspace: {latent: [2, 0]}", "latent is '0': expected a whole number from 1 to 4096"),
      ("model: vae\nspace: {dropout: [0.1, 0.10]}", "dropout has the value 0.1 twice"),
      ("model: vae\nspace: {model: [conv-vae]}", "model is 'conv-vae': expected vae"),
      ("model: vae\nfixed: {latent: 3}\n\(plain)", "latent is both under fixed and under space"),
      ("model: vae\nfixed: {depth: 3}\n\(plain)", "vae has no key 'depth'"),
      ("model: vae\nepochs: 3\nspace: {epochs: [1, 2]}", "epochs is in the space"),
      ("model: vae\nepochs: 0\n\(plain)", "epochs is '0': expected a whole number"),
      ("model: vae\ntrials: 0\n\(plain)", "trials is '0': expected a whole number from 1"),
      ("model: vae\ntrials: 3\n\(plain)", "trials is 3, but the space has only 2 combinations"),
      ("model: vae\nstrategy: bayes\n\(plain)", "strategy is 'bayes': expected one of grid, random, halving"),
      ("model: vae\nstrategy: random\n\(plain)", "random needs a number of trials"),
      ("model: vae\nstrategy: halving\neta: 1\ntrials: 2\n\(plain)", "eta is '1'"),
      ("model: vae\nsapce: {latent: [2]}\n\(plain)", "unknown key 'sapce'"),
      ("model: vae\nspace: {dropout: {min: 0, max: 0.5}}", "dropout is a range, which a grid"),
      ("model: vae\nspace: {dropout: {min: 0}}", "a range needs both min and max"),
      ("model: vae\nspace: {dropout: {min: 0.5, max: 0.5}}", "expected min below max"),
      ("model: vae\nspace: {dropout: {min: 0, max: 2}}", "dropout is '2': expected a number from 0 to 0.95"),
      ("model: vae\nspace: {dropout: {min: 0, max: 0.5, log: true}}", "min is 0, expected above 0"),
      ("model: vae\nspace: {dropout: {min: 0, max: 0.5, log: 7}}", "log is neither true nor false"),
      ("model: vae\nspace: {dropout: {min: 0, max: 0.5, step: 1}}", "unknown field 'step'"),
      ("model: vae\nspace: {optimizer: {min: adam, max: sgd}}", "optimizer is not a number"),
      ("model: vae\nspace: {validation: {min: 0.1, max: 100}}", "holds values that validation cannot have"),
      ("model: vae\nspace: {validation: {min: 0, max: 100}}", "holds values that validation cannot have"),
      (
        "model: conv-vae\nspace: {filters: {layers: [[4, 8, 04]]}}",
        "filters has the width 4 twice in layer 1"
      ),
      ("model: conv-vae\nspace: {filters: {layers: [[4, 8], [4], []]}}", "a layer has no widths"),
      (
        "model: conv-vae\nspace: {filters: {layers: [[4], [4], [4], [4], [4], [4], [4]]}}",
        "filters is '4,4,4,4,4,4,4': expected 1 to 6 whole"
      ),
      ("model: vae\nspace: {latent: [2", "the space is not YAML"),
      (
        "model: conv-autoencoder\nspace: {loss: [mean-squared-error, binary-cross-entropy]}",
        "loss changes what the validation loss measures"
      ),
      ("model: vae\nspace: {kl-weight: [1, 2]}", "kl-weight changes what the validation loss measures"),
      ("model: vae\nspace: {kl-weight: {min: 1, max: 2}}", "kl-weight changes what the validation loss"),
      ("model: denoising-autoencoder\nspace: {noise: [0, 0.5]}", "noise changes what the validation loss"),
      ("model: vae\nspace: {initial-weights: [seed, \(hash)]}", "initial-weights cannot be given"),
      ("model: vae\nfixed: {initial-weights: \(hash)}\n\(plain)", "initial-weights cannot be given"),
    ])
  func refusals(_ text: String, _ expected: String) {
    let error = #expect(throws: (any Error).self) { try SearchSpace(text) }
    let line = error.map { "\($0)" } ?? ""
    #expect(line.contains(expected) && !line.contains("\n"), "\(line)")
    #expect(error is SearchError || error is ConfigurationError)
  }

  @Test(
    "Combinations that cannot be are refused",
    arguments: [
      ("fixed: {batch-size: 4}\nspace: {shards: [1, 8]}", "the combination shards=8 cannot be: shards is 8"),
      ("strategy: halving\ntrials: 2\nspace: {epochs: [3, 4]}", "halving needs the same epochs"),
    ])
  func combinations(_ text: String, _ expected: String) throws {
    let space = try SearchSpace("model: vae\n" + text)
    let error = #expect(throws: SearchError.self) { try space.configurations() }
    #expect(error?.description.contains(expected) == true)
    #expect(error?.kind == .space)
  }

  @Test func gridsGoThroughTheLastKeyFirst() throws {
    let text = """
      model: conv-vae
      epochs: 7
      fixed: {latent: 3}
      space:
        filters: {layers: [[4, 8], [5], [6, 7]]}
        dropout: [0.5, 0]
      """
    let configurations = try SearchSpace(text).configurations()
    let found = configurations.map { "\($0.filters) \($0.dropout)" }
    let filters = ["[4, 5, 6]", "[4, 5, 7]", "[8, 5, 6]", "[8, 5, 7]"]
    #expect(found == filters.flatMap { ["\($0) 0.5", "\($0) 0.0"] })
    #expect(configurations.allSatisfy { $0.latent == 3 && $0.epochs == 7 })
    var cut = SearchSpace.Changes()
    (cut.trials, cut.epochs, cut.seed) = (5, "2", "9")
    let fewer = try SearchSpace(text, cut).configurations()
    #expect(Set(fewer.map { "\($0.filters) \($0.dropout)" }).isSubset(of: found) && Set(fewer).count == 5)
    #expect(fewer.allSatisfy { $0.epochs == 2 && $0.seed == 9 })
  }

  @Test func aCutOfAGridIsDrawnFromAllOfIt() throws {
    let text =
      "model: vae\nspace: {latent: [1, 2, 3, 4], dropout: [0, 0.1, 0.2, 0.3], hidden: [4, 8, 16, 32]}"
    func cut(_ trials: Int, seed: String? = nil) throws -> [Configuration] {
      var changes = SearchSpace.Changes()
      (changes.trials, changes.seed) = (trials, seed)
      return try SearchSpace(text, changes).configurations()
    }
    let some = try cut(24)
    #expect(Set(some.map(\.latent)).count == 4 && Set(some.map(\.hidden)).count == 4)
    #expect(Set(some.map(\.dropout)).count == 4 && Set(some).count == 24)
    // As the strategy random draws them; more trials never change the first.
    #expect(try SearchSpace(text + "\nstrategy: random\ntrials: 24").configurations() == some)
    #expect(try Array(cut(40).prefix(24)) == some && cut(24, seed: "3").map(\.latent) != some.map(\.latent))
    #expect(Set(try cut(63)).count == 63)
  }

  @Test(.timeLimit(.minutes(1))) func hugeSpacesAreNotWrittenOut() throws {
    let widths = (1...100).map(String.init).joined(separator: ", ")
    let layers = (0..<4).map { _ in "[\(widths)]" }.joined(separator: ", ")
    let space = try SearchSpace(
      "model: conv-autoencoder\ntrials: 3\nspace: {filters: {layers: [\(layers)]}, hidden: {layers: [\(layers)]}}"
    )
    let first = try space.configurations()
    #expect(Set(first).count == 3 && first.allSatisfy { $0.filters.count == 4 && $0.hidden.count == 4 })
    #expect(space.text.utf8.count < 10_000)
    // A million draws are made on demand.
    try inFolder { folder in
      let many = try SearchSpace(
        "model: vae\nstrategy: random\ntrials: 1000000\nspace: {learning-rate: {min: 1e-5, max: 0.1, log: true}, latent: "
          + "{min: 1, max: 4096}}")
      let search = try Search(
        many, dataset: Support.dataset(), storage: folder.appendingPathComponent("a.sqlite"))
      #expect(try search.trials().count < 100_000)
    }
  }

  @Test func theStudysGridIsTheStudys() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let file = root.deletingLastPathComponent().appendingPathComponent("tools/study-grid.yaml")
    let space = try SearchSpace(String(contentsOf: file, encoding: .utf8))
    #expect(space.trials == 4 * 64 * 3 * 4 * 4 * 4)
    let configurations = try space.configurations()
    #expect(Set(configurations).count == space.trials)
    #expect(Set(configurations.map(\.filters)).count == 64)
    #expect(configurations.last?.latent == 128 && configurations.last?.filters == [64, 64, 64])
  }

  private static let mixed = """
    model: vae
    strategy: random
    trials: 400
    space:
      learning-rate: {min: 1e-5, max: 0.1, log: true}
      latent: {min: 2, max: 5}
      dropout: {min: 0.1, max: 0.3}
      optimizer: [adam, sgd]
    """

  @Test func drawsCoverTheirRanges() throws {
    let drawn = try SearchSpace(Self.mixed).configurations()
    #expect(drawn.allSatisfy { (1e-5...0.1).contains($0.learningRate) && (0.1...0.3).contains($0.dropout) })
    // All powers of ten are equally likely: a hundred each, within four deviations.
    for power in [1e-5, 1e-4, 1e-3, 1e-2] {
      let count = drawn.count { $0.learningRate >= power && $0.learningRate < 10 * power }
      #expect((65...135).contains(count), "\(count) from \(power)")
    }
    for latent in 2...5 { #expect((65...135).contains(drawn.count { $0.latent == latent })) }
    #expect((160...240).contains(drawn.count { $0.optimizer == .sgd }))
    #expect((160...240).contains(drawn.count { $0.dropout < 0.2 }))
  }

  @Test func drawsAreFixedBySeedAndNumber() throws {
    var changes = SearchSpace.Changes()
    let drawn = try SearchSpace(Self.mixed).configurations()
    #expect(try SearchSpace(Self.mixed).configurations() == drawn)
    changes.trials = 10
    #expect(try SearchSpace(Self.mixed, changes).configurations() == Array(drawn.prefix(10)))
    changes.seed = "2"
    #expect(
      try SearchSpace(Self.mixed, changes).configurations().map(\.latent) != drawn.prefix(10).map(\.latent))
    // Golden: a storage depends on these draws.
    changes.seed = "0"
    #expect(
      try SearchSpace(Self.mixed, changes).configurations().prefix(2).map {
        "\($0.learningRate) \($0.latent) \($0.dropout) \($0.optimizer)"
      } == Self.golden)
  }

  private static let golden = ["2.881e-05 3 0.1718 adam", "0.0002266 3 0.2952 adam"]

  @Test func noCombinationIsDrawnTwice() throws {
    let all = try SearchSpace(
      "model: vae\nstrategy: random\ntrials: 24\nspace: {latent: {min: 1, max: 6}, dropout: [0, 0.1, 0.2, 0.3]}"
    )
    #expect(Set(try all.configurations()).count == 24)
    let narrow = try SearchSpace(
      "model: vae\nstrategy: random\ntrials: 5\nspace: {dropout: {min: 0.1, max: 0.10001}}")
    #expect(throws: SearchError.self) { try narrow.configurations() }
  }

  @Test func rungs() {
    func expect(_ trials: Int, _ epochs: Int, _ eta: Int, _ ofRungs: [Int], _ upTo: [Int]) {
      let rungs = Rungs(trials: trials, epochs: epochs, eta: eta)
      #expect(rungs.trials == ofRungs && rungs.epochs == upTo)
    }
    expect(27, 9, 3, [27, 9, 3], [1, 3, 9])
    expect(10, 100, 3, [10, 3, 1], [11, 33, 100])
    expect(16, 5, 2, [16, 8, 4], [1, 2, 5])
    expect(2, 5, 3, [2], [5])
    expect(9, 1, 3, [9], [1])
  }
}
