import Foundation
import TestSupport
import Testing

private let hasOpenSSL = ["/usr/bin/openssl", "/bin/openssl"].contains(where: FileManager.default.fileExists)

@Suite("sign, and verify --trusted") struct SignTests {
  private let place: TemporaryFolder

  init() throws {
    place = try TemporaryFolder()
    try place.putDataset()
    let trained = try run(
      "train vae --data data --device cpu --epochs 2 --batch-size 40 --out run --set hidden=6")
    try #require(trained.status == 0, "\(trained.errors)")
    let signed = try run("sign run --new-key key")
    try #require(signed.status == 0 && signed.errors.isEmpty, "\(signed.errors)")
  }

  private func run(_ words: String) throws -> Facsimile.Result {
    try Facsimile.run(words.split(separator: " ").map(String.init), in: place.url)
  }

  private struct Figures: Decodable {
    let verdict: String
    let reason: String
    let keyid: String?
  }

  private func verify(_ arguments: String = "--signature-only", trusted: String = "key.pub") throws -> (
    status: Int32, verdict: String, reason: String
  ) {
    let result = try run("verify run --json --device cpu --trusted \(trusted) \(arguments)")
    let figures = try result.json(Figures.self)
    #expect(!figures.reason.contains("\n"))
    return (result.status, figures.verdict, figures.reason)
  }

  private var receipt: URL { place.file("run/receipt.dsse.json") }

  private func envelope() throws -> [String: Any] {
    try #require(try JSONSerialization.jsonObject(with: Data(contentsOf: receipt)) as? [String: Any])
  }

  private func payload() throws -> Data {
    let text = try envelope()["payload"] as? String
    return try #require(Data(base64Encoded: text ?? "!"))
  }

  @Test("A signed run is trusted, with and without training it again")
  func roundTrip() throws {
    let only = try verify()
    #expect(only.status == 0 && only.verdict == "SIGNED" && only.reason.contains("5 files"), "\(only)")
    let whole = try verify("")
    #expect(
      whole.status == 0 && whole.verdict == "REPRODUCED" && whole.reason.contains("as signed by"), "\(whole)")
    struct Statement: Decodable {
      struct Subject: Decodable {
        let name: String
      }
      struct Predicate: Decodable {
        struct Epoch: Decodable {
          let stateSha256: String
        }
        let epochs: [Epoch]
        let numericsContract: Int
      }
      let _type: String
      let subject: [Subject]
      let predicate: Predicate
    }
    let statement = try Facsimile.decode(Statement.self, payload())
    #expect(statement._type == "https://in-toto.io/Statement/v1" && statement.predicate.epochs.count == 2)
    #expect(
      statement.subject.map(\.name) == [
        "manifest.json", "config.yaml", "metrics.csv", "checkpoint.safetensors", "best.safetensors",
      ])
    // The same run and key give the same receipt.
    let before = try Data(contentsOf: receipt)
    #expect(try run("sign run --key key").status == 0)
    #expect(try Data(contentsOf: receipt) == before)
    // Continuing changes the run, so it must be signed again.
    #expect(try run("train --resume run --epochs 3 --device cpu").status == 0)
    let resumed = try verify()
    #expect(resumed.verdict == "TAMPERED" && resumed.reason.contains("signed again"), "\(resumed)")
    #expect(try run("sign run --key key").status == 0)
    #expect(try verify().verdict == "SIGNED")
  }

  @Test("The report shows the signature, and with a key what it is worth")
  func report() throws {
    func report(_ options: String = "") throws -> (page: String, warnings: String) {
      let result = try run("report run --device cpu \(options)")
      #expect(result.status == 0, "\(result.errors)")
      return (try String(contentsOf: place.file("run/report.html"), encoding: .utf8), result.errors)
    }
    #expect(try report().page.contains("receipt.dsse.json, not checked"))
    let trusted = try report("--trusted key.pub")
    #expect(trusted.page.contains("SIGNED: 5 files as signed by the key") && trusted.warnings.isEmpty)
    #expect(try run("sign --new-key other").status == 0)
    let other = try report("--trusted other.pub")
    #expect(
      other.page.contains("INCONCLUSIVE: the run is signed by the key")
        && other.warnings.contains("is signed by"))
    try FileManager.default.removeItem(at: receipt)
    #expect(try !report().page.contains("signature"))
  }

  @Test("openssl reads the keys, accepts the signature, and makes keys that sign", .enabled(if: hasOpenSSL))
  func openssl() throws {
    func check(_ key: String) throws {
      let payload = try payload()
      try place.put("pae", Data("DSSEv1 28 application/vnd.in-toto+json \(payload.count) ".utf8) + payload)
      let signatures = try #require(try envelope()["signatures"] as? [[String: String]])
      let signature = try #require(Data(base64Encoded: signatures[0]["sig"] ?? "!"))
      try place.put("sig", signature)
      let result = try Shell.run(
        "openssl pkeyutl -verify -pubin -inkey \(key).pub -rawin -in pae -sigfile sig && "
          + "openssl pkey -pubin -in \(key).pub -outform DER | sha256sum", in: place.url)
      #expect(result.status == 0, "\(result.output) \(result.errors)")
      #expect(result.output.contains(signatures[0]["keyid"] ?? "–"), "\(result.output)")
    }
    try check("key")
    let made = try Shell.run(
      "openssl pkey -in key -pubout | cmp - key.pub && openssl genpkey -algorithm ed25519 -out other && "
        + "openssl pkey -in other -pubout -out other.pub && chmod 644 other && $F sign run --key other",
      in: place.url)
    #expect(made.status == 0 && made.errors.contains("others may read the private key"), "\(made.errors)")
    try check("other")
    #expect(try verify(trusted: "other.pub").verdict == "SIGNED")
    // The first key is no longer the signer's.
    let first = try verify()
    #expect(
      first.status == 2 && first.verdict == "INCONCLUSIVE" && first.reason.contains("signed by the key"))
  }

  @Test("Every changed file is found, and a missing or added one")
  func files() throws {
    for name in ["manifest.json", "config.yaml", "metrics.csv", "checkpoint.safetensors", "best.safetensors"]
    {
      let file = place.file("run/\(name)")
      let whole = try Data(contentsOf: file)
      // In the manifest, also what its own hash does not cover.
      for place in name == "manifest.json" ? [whole.count - 3] : [whole.count / 2, whole.count - 1] {
        var data = whole
        data[place] = data[place] == 32 ? 10 : data[place] ^ 1
        try data.write(to: file)
        let found = try verify()
        #expect(found.status == 1 && found.verdict == "TAMPERED", "\(name): \(found)")
      }
      try FileManager.default.removeItem(at: file)
      if name != "config.yaml" { #expect(try verify().verdict == "TAMPERED", "\(name) is missing") }
      try whole.write(to: file)
    }
    try place.put("run/initial.safetensors", Data("another".utf8))
    let added = try verify()
    #expect(
      added.verdict == "TAMPERED" && added.reason.contains("initial.safetensors was not signed"), "\(added)")
    try FileManager.default.removeItem(at: place.file("run/initial.safetensors"))
    #expect(try verify().verdict == "SIGNED")
    try FileManager.default.removeItem(at: receipt)
    let missing = try verify()
    #expect(
      missing.status == 2 && missing.verdict == "INCONCLUSIVE" && missing.reason.contains("facsimile sign"))
  }

  @Test("Every changed part of the receipt is found")
  func receipts() throws {
    let (whole, payload) = (try envelope(), try payload())
    let signature = try #require((whole["signatures"] as? [[String: String]])?[0])
    func expect(_ verdict: String, _ text: String, _ change: (inout [String: Any]) -> Void) throws {
      var changed = whole
      change(&changed)
      try JSONSerialization.data(withJSONObject: changed).write(to: receipt)
      let found = try verify()
      #expect(found.verdict == verdict && found.reason.contains(text), "\(text): \(found)")
    }
    for text in ["\"seed\":", "state_sha256\":\"", "\"bestEpoch\":", "sha256\":\"", "Statement/v"] {
      guard let range = payload.range(of: Data(text.utf8)) else { continue }
      var changed = payload
      changed[range.upperBound] ^= 1
      try expect("TAMPERED", "does not fit") { $0["payload"] = changed.base64EncodedString() }
    }
    try expect("TAMPERED", "does not fit") { $0["payload"] = "" }
    try expect("TAMPERED", "not base64") { $0["payload"] = "!" }
    try expect("TAMPERED", "another type") { $0["payloadType"] = "text/plain" }
    try expect("TAMPERED", "0 signatures") { $0["signatures"] = [[String: String]]() }
    try expect("TAMPERED", "17 signatures") { $0["signatures"] = Array(repeating: signature, count: 17) }
    try expect("TAMPERED", "not a DSSE envelope") { $0["signatures"] = nil }
    for wrong in ["", "!", String(signature["sig"]!.dropFirst(4)), "A" + signature["sig"]!.dropFirst()] {
      try expect("TAMPERED", "does not fit") {
        $0["signatures"] = [["keyid": signature["keyid"]!, "sig": wrong]]
      }
    }
    try expect("INCONCLUSIVE", "the trusted one is") {
      $0["signatures"] = [["keyid": String(repeating: "0", count: 64), "sig": signature["sig"]!]]
    }
    // Another signer's signature beside it changes nothing.
    try expect("SIGNED", "5 files") { $0["signatures"] = [["keyid": "x", "sig": "eA=="], signature] }
    // A receipt of another run.
    #expect(
      try run("train vae --data data --device cpu --epochs 1 --batch-size 40 --out second --set hidden=5")
        .status == 0)
    #expect(try run("sign second --key key").status == 0)
    try Data(contentsOf: place.file("second/receipt.dsse.json")).write(to: receipt)
    #expect(try verify().verdict == "TAMPERED")
  }

  @Test("Hostile receipts, and what cannot be signed, are refused in one line")
  func hostile() throws {
    func expect(_ line: String) throws {
      let made = try Shell.run("rm -rf run/receipt.dsse.json; cd run; \(line)", in: place.url)
      #expect(made.status == 0, "\(made.errors)")
      let result = try run("verify run --trusted key.pub --signature-only")
      #expect(
        result.status == 1 && result.output.hasPrefix("TAMPERED: "),
        "\(line): \(result.output)\(result.errors)")
      #expect(result.output.split(separator: "\n").count == 1 && result.errors.isEmpty)
    }
    try expect("truncate -s 3G receipt.dsse.json")
    try expect("head -c 2000000 /dev/zero | tr '\\0' '[' >receipt.dsse.json")
    try expect("head -c 2000000 /dev/zero >receipt.dsse.json")
    try expect("mkfifo receipt.dsse.json")
    try expect("mkdir receipt.dsse.json")
    try expect(": >receipt.dsse.json")
    try expect(#"echo '{"payload":1}' >receipt.dsse.json"#)
    func fails(_ words: String, _ status: Int32, _ text: String) throws {
      try Facsimile.expectFailure(
        words.split(separator: " ").map(String.init), status: status, text, in: place.url)
    }
    try fails("verify run --signature-only", 64, "--trusted")
    try fails("verify run --trusted key", 2, "kept secret")
    try fails("sign run", 64, "--new-key")
    try fails("sign --key key", 64, "a run folder")
    try fails("sign run --key key --new-key other", 64, "one of --key")
    try fails("sign run --new-key key", 2, "key: File exists")
    try fails("sign data --key key", 2, "not a run folder")
    try fails("sign run --key missing", 2, "missing")
    // A run that training did not leave in this form is not signed.
    try Data("x".utf8).write(to: place.file("run/metrics.csv"))
    try fails("sign run --key key", 2, "metrics.csv")
  }
}
