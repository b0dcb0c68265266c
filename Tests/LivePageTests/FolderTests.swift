import Foundation
import LivePage
import Storage
import TestSupport
import Testing
import Training

/// What is found in a folder, whatever it contains.
@Suite struct FolderTests {
  @Test("A run: the row, its history, its pictures, its report; unchanged it is not sent again")
  func run() throws {
    let served = try Served {
      try Example.put("a/b/vae", in: $0)
      try $0.put("a/b/vae/report.html", Data("<script>alert(1)</script>".utf8))
    }
    let row = try #require(try served.list().first)
    #expect(row["run"] as? String == "a/b/vae" && row["model"] as? String == "vae")
    #expect(row["epoch_count"] as? Int == 2 && row["planned_epochs"] as? Int == 2)
    #expect(row["state"] as? String == "finished" && row["has_report"] as? Bool == true)

    let reply = try served.get("/api/run?path=a%2Fb%2Fvae")
    let detail = try reply.json()
    let manifest = try RunFolder(reading: served.place.file("a/b/vae")).manifest()
    let epochs = try #require(detail["epochs"] as? [[String: Any]])
    #expect(epochs.map { $0["validation_loss"] as? Double } == manifest.epochs.map(\.validationLoss))
    #expect(epochs.map { $0["state_sha256"] as? String } == manifest.epochs.map(\.stateSHA256))
    #expect(detail["pictures"] as? [Int] == [1, 2])
    #expect((detail["settings"] as? String)?.contains("model: vae") == true)
    #expect((detail["configuration"] as? [String: Any])?["batch_size"] as? Int == 16)

    let tag = try #require(reply.headers["etag"])
    let again = try served.get("/api/run?path=a%2Fb%2Fvae", ["If-None-Match: \(tag)"])
    #expect(again.status == 304 && again.body.isEmpty)

    let picture = try served.get("/picture?path=a%2Fb%2Fvae&epoch=2")
    #expect(picture.body == (try Data(contentsOf: served.place.file("a/b/vae/images/epoch-002.png"))))
    #expect(picture.headers["content-type"] == "image/png")
    #expect(picture.headers["content-security-policy"]?.hasPrefix("sandbox;") == true)
    #expect(try served.get("/picture?path=a%2Fb%2Fvae&epoch=3").status == 404)
    // Its scripts run, but with an opaque origin.
    let report = try served.get("/report?path=a%2Fb%2Fvae")
    let policy = try #require(report.headers["content-security-policy"])
    #expect(policy.hasPrefix("sandbox allow-scripts") && !policy.contains("allow-same-origin"))
    #expect(policy.contains("default-src 'none'"))
  }

  @Test("The folder itself may be a run")
  func root() throws {
    let served = try Served("vae") { try Example.put("vae", in: $0) }
    #expect(try served.list().map { $0["run"] as? String } == ["."])
    #expect(try served.get("/api/run?path=.").text.contains("\"run\":\".\""))
  }

  @Test("No path and no link leads out of the folder")
  func traversal() throws {
    let outside = try TemporaryFolder()
    try Example.put("secret", in: outside)
    try outside.put("secret/report.html", Data("SECRET".utf8))
    let links = FileManager.default
    let served = try Served { place in
      for name in ["config", "images", "report"] { try Example.put(name, in: place) }
      try links.createSymbolicLink(at: place.file("linked"), withDestinationURL: outside.file("secret"))
      try links.removeItem(at: place.file("config/config.yaml"))
      try links.createSymbolicLink(
        at: place.file("config/config.yaml"), withDestinationURL: outside.file("secret/config.yaml"))
      try links.removeItem(at: place.file("images/images"))
      try links.createSymbolicLink(
        at: place.file("images/images"), withDestinationURL: outside.file("secret/images"))
      try links.createSymbolicLink(
        at: place.file("report/report.html"), withDestinationURL: outside.file("secret/report.html"))
    }
    let rows = try served.list()
    #expect(rows.compactMap { $0["run"] as? String } == ["config", "images", "report"])
    #expect(rows[0]["state"] as? String == "damaged")
    #expect((rows[0]["problem"] as? String)?.contains("config.yaml: a symbolic link") == true)
    let name = outside.url.lastPathComponent
    let paths = [
      "..", "../\(name)/secret", "../../etc", outside.path("secret"), "/etc/passwd", "linked", "./report",
      "report/", "report/../report", "report/.", "", "%2e%2e", "..\\..", "report\n", "file:///etc/passwd",
    ]
    for path in paths {
      for target in ["/api/run?path=", "/api/search?path=", "/report?path=", "/picture?epoch=1&path="] {
        let reply = try served.get(target + encoded(path))
        #expect(reply.status == 404 && !reply.text.contains("SECRET"), "\(target)\(path)")
      }
    }
    #expect(try served.get("/api/run").status == 404)
    for epoch in ["-1", "0", "1%2F..%2F..", "99999999999999999999", "", "x"] {
      #expect(try served.get("/picture?path=report&epoch=\(epoch)").status == 404, "\(epoch)")
    }
    #expect(try served.get("/report?path=report").status == 404)
    #expect(try served.get("/picture?path=images&epoch=1").status == 404)
  }

  @Test("Names and settings from outside come out as data, whatever they are")
  func hostileNames() throws {
    let names = [
      "<img src=x onerror=alert(1)>", "\"'>&amp;", "a\nb\tc", "</script><script>", "%2e%2e", "a?b=c&d#e",
      "日本",
      SystemPath.text([0x63, 0x61, 0x66, 0xE9]),
    ]
    let served = try Served { place in
      for name in names { try Example.put(name, in: place) }
      try Example.put("settings", in: place)
      let config = place.file("settings/config.yaml")
      let text = try String(contentsOf: config, encoding: .utf8)
      try Data("# <script>alert(1)</script>\n\(text)".utf8).write(to: config)
    }
    let rows = try served.list()
    #expect(Set(rows.compactMap { $0["run"] as? String }) == Set(names + ["settings"]))
    for name in names {
      let reply = try served.get("/api/run?path=\(encoded(name))")
      // As a browser sends it: bytes that are not UTF-8 are represented by other scalars.
      let asText = name.addingPercentEncoding(withAllowedCharacters: .alphanumerics)!
      #expect(try served.get("/api/run?path=\(asText)").status == 200, "\(name)")
      #expect(reply.status == 200 && reply.headers["content-type"] == "application/json", "\(name)")
      #expect((try reply.json()["run"] as? [String: Any])?["run"] as? String == name)
    }
    let settings = try served.get("/api/run?path=settings").json()["settings"] as? String
    #expect(settings?.hasPrefix("# <script>") == true)
  }

  @Test("A run that is half written, damaged, training, killed or deleted is shown as that")
  func states() throws {
    let files = FileManager.default
    let served = try Served { place in
      for name in ["whole", "half", "bare", "cut", "changed", "held", "gone"] {
        try Example.put(name, in: place)
      }
      try files.removeItem(at: place.file("half/config.yaml"))
      try files.removeItem(at: place.file("bare/manifest.json"))
      try files.removeItem(at: place.file("bare/best.safetensors"))
      for (name, length) in [("cut", 300), ("changed", nil)] as [(String, Int?)] {
        let manifest = place.file("\(name)/manifest.json")
        let text = try String(contentsOf: manifest, encoding: .utf8)
        let other =
          length.map { String(text.prefix($0)) } ?? text.replacing("\"seed\" : ", with: "\"seed\" : 1")
        try Data(other.utf8).write(to: manifest)
      }
      try place.put("nothing/notes.txt", Data())
    }
    let held = try FolderLock(folder: served.place.file("held"))
    for (name, state, problem) in [
      ("whole", "finished", nil), ("half", "half-written", "config.yaml"),
      ("bare", "half-written", "manifest.json"),
      ("cut", "damaged", "cut/manifest.json"), ("changed", "damaged", "changed/manifest.json"),
      ("held", "training", nil), ("gone", "finished", nil),
    ] as [(String, String, String?)] {
      let row = try served.row(name, until: state)
      #expect(row?["state"] as? String == state, "\(name): \(row ?? [:])")
      if let problem {
        let words = try #require(row?["problem"] as? String, "\(name)")
        #expect(words.contains(problem) && !words.contains(served.place.url.path), "\(words)")
      }
      #expect(try served.get("/api/run?path=\(name)").status == 200, "\(name)")
    }
    withExtendedLifetime(held) {}
    #expect(try served.list().count == 7)
    try files.removeItem(at: served.place.file("gone"))
    for _ in 0..<100 where try served.list().count == 7 { usleep(20_000) }
    #expect(try served.get("/api/run?path=gone").status == 404)
    // Everything is removed: the page stays.
    try files.removeItem(at: served.place.url)
    for _ in 0..<100 where try !served.list().isEmpty { usleep(20_000) }
    let problems = try #require(try served.get("/api/runs").json()["problems"] as? [String])
    #expect(problems.count == 1)
  }

  @Test("A new epoch appears, while the run trains")
  func grows() throws {
    let served = try Served()
    let trainer = try Trainer(
      Example.configuration(["epochs": "3"]), dataset: Example.dataset.get(), backend: cpu(1),
      folder: RunFolder(creating: served.place.file("run")))
    for epoch in 1...2 {
      _ = try trainer.fit(through: epoch)
      var count = 0
      for _ in 0..<100 where count != epoch {
        count = try served.list().first?["epoch_count"] as? Int ?? 0
        usleep(20_000)
      }
      #expect(count == epoch)
      #expect(try served.row("run", until: "training")?["state"] as? String == "training")
      let epochs = try served.get("/api/run?path=run").json()["epochs"] as? [Any]
      #expect(epochs?.count == epoch)
    }
    withExtendedLifetime(trainer) {}
  }

  @Test("A thousand runs are listed at once, in every answer until all are read and afterwards")
  func thousand() throws {
    let served = try Served { place in
      try Example.put("run-0", in: place)
      for name in ["images", "checkpoint.safetensors", "previous.safetensors"] {
        try? FileManager.default.removeItem(at: place.file("run-0/\(name)"))
      }
      for number in 1..<1000 {
        try FileManager.default.copyItem(at: place.file("run-0"), to: place.file("run-\(number)"))
      }
    }
    let clock = ContinuousClock()
    // Far less on an idle machine; other builds may run beside the tests.
    let limit = Duration.seconds(10)
    var rows: [[String: Any]] = []
    var longest = Duration.zero
    repeat {
      longest = try max(
        longest,
        clock.measure { rows = try #require(try served.get("/api/runs").json()["runs"] as? [[String: Any]]) })
      #expect(rows.count == 1000)
    } while rows.contains { $0["state"] as? String == "reading" }
    #expect(longest < limit)
    usleep(2_000_000)
    let again = try clock.measure { _ = try served.get("/api/runs") }
    #expect(again < limit)
    print("a thousand runs: longest answer \(longest), afterwards \(again)")
  }
}
