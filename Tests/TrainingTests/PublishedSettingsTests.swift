import Foundation
import Models
import Testing
import Training

/// `tools/published`: a configuration file of the published study's settings for each model.
@Suite struct PublishedSettingsTests {
  @Test("Each file gives the published settings, whatever the model's recipe", arguments: ModelKind.allCases)
  func files(_ kind: ModelKind) throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    let file = root.deletingLastPathComponent().appendingPathComponent(
      "tools/published/\(kind.rawValue).yaml")
    let read = try Configuration(pairs: ConfigurationFile.pairs(contentsOf: file))
    var published = Configuration(withoutRecipe: kind)
    if [.convAutoencoder, .denoisingAutoencoder].contains(kind) {
      (published.epochs, published.weightDecay) = (30, 1e-5)
    }
    #expect(read == published)
    #expect(read != Configuration(kind))
  }
}
