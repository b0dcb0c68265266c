import Foundation
import Models
import TestSupport
import Testing
import Training

/// Short texts that would take seconds, or all memory, are refused at once.
@Suite struct YAMLLimitTests {
  /// Lists of aliases, each nine times the previous one.
  private static func multiplying(_ levels: Int) -> String {
    let first = "a0: &a0 [1,1,1,1,1,1,1,1,1]\n"
    return first
      + (1..<levels).map { level in
        "a\(level): &a\(level) [\((0..<9).map { _ in "*a\(level - 1)" }.joined(separator: ","))]\n"
      }.joined()
  }

  private static let texts = [
    "aliases as values": multiplying(9),
    "aliases as keys": multiplying(9) + "? *a8\n: 1\n",
    "aliases in one mapping":
      "a: &a [\(String(repeating: "1,", count: 999))1]\nb: [\(String(repeating: "*a,", count: 29))*a]\n",
    "a million keys": (0..<1_000_000).map { "k\($0): 1\n" }.joined(),
    "keys below the size": (0..<60_000).map { "k\($0): 1\n" }.joined(),
    "depth in brackets": "a: " + String(repeating: "[", count: 200_000),
    "depth of maps": (0..<30).map { String(repeating: " ", count: $0) + "a:\n" }.joined()
      + "                               b",
    "a long value": "model: " + String(repeating: "x", count: 2_000_000),
  ]

  @Test("As a configuration", arguments: texts.keys.sorted())
  func configuration(_ name: String) throws {
    let began = ContinuousClock.now
    let error = #expect(throws: ConfigurationError.self) { try ConfigurationFile.pairs(Self.texts[name]!) }
    #expect(ContinuousClock.now - began < .seconds(1), "\(name)")
    // A thousand brackets exceed the limit of the parser itself.
    let isOfTheParser = name == "depth in brackets" && error?.description.contains("is not YAML") == true
    #expect(isOfTheParser || error?.description.contains("not a list of settings") == true, "\(error as Any)")
  }

  @Test("As a file", arguments: texts.keys.sorted())
  func file(_ name: String) throws {
    let folder = try TemporaryFolder()
    let file = try folder.put("c.yaml", Data(Self.texts[name]!.utf8))
    let error = #expect(throws: (any Error).self) { try ConfigurationFile.pairs(contentsOf: file) }
    let line = error.map { "\($0)" } ?? ""
    #expect(line.contains("c.yaml") && !line.contains("\n"), "\(line)")
  }

  @Test("What looks like an alias and is none is a value")
  func values() throws {
    #expect(try ConfigurationFile.pairs("hidden: &h [8, 4]\nfilters: *h\n").map(\.value) == ["8,4", "8,4"])
    let text = "model: vae # *not one\n'a': \"*text &too\"\nb: it's 2*3 & more\n"
    #expect(try ConfigurationFile.pairs(text).map(\.value) == ["vae", "*text &too", "it's 2*3 & more"])
  }
}
