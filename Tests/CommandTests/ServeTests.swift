import Foundation
import TestSupport
import Testing

/// `facsimile serve`, and its page in a real browser.
@Suite("A live page")
struct ServeTests {
  private let place: TemporaryFolder

  init() throws {
    place = try TemporaryFolder()
    try FileManager.default.createDirectory(at: place.file("runs"), withIntermediateDirectories: true)
  }

  @Test(
    "It says where the page is, answers there, and a signal ends it with success",
    arguments: [SIGINT, SIGTERM, SIGHUP], [false, true])
  func signals(_ signal: Int32, asJSON: Bool) throws {
    // The page is read while the program runs, so the shell that started it requests it.
    let result = try Shell.run(
      """
      set -m; "$F" serve --port 0 \(asJSON ? "--json" : "") >said & server=$!
      for i in $(seq 200); do url="$(grep -o 'http://[^ "]*/' said)" && break; sleep 0.05; done
      exec 3<>"/dev/tcp/127.0.0.1/$(echo "$url" | grep -o '[0-9]*/$' | tr -d /)"
      printf 'GET /api/runs HTTP/1.0\\r\\nHost: localhost\\r\\n\\r\\n' >&3; cat <&3
      kill -\(signal) $server; wait $server
      """, in: place.url)
    #expect(result.status == 0 && !result.errors.contains("error"), "\(result.errors)")
    #expect(result.output.contains("\"folder\":\"runs\""), "\(result.output)")
    if asJSON {
      let said = try Facsimile.decode([String: String].self, Data(contentsOf: place.file("said")))
      #expect(said["url"]?.hasPrefix("http://127.0.0.1:") == true && said["folder"] == place.path("runs"))
    }
  }

  @Test("What cannot be served is refused in a line")
  func refused() throws {
    for (arguments, status, words) in [
      (["nothing"], 2, "nothing is not a folder"), (["runs", "--port", "65536"], 64, "--port is 65536"),
      (["runs", "--port", "-1"], 64, "--port"), (["runs", "--host", "nowhere.invalid"], 64, "--host is"),
    ] as [([String], Int32, String)] {
      try Facsimile.expectFailure(["serve"] + arguments, status: status, words, in: place.url)
    }
    try Facsimile.expectFailure(
      ["serve"], status: 64, "FACSIMILE_TOKEN", in: place.url, environment: ["FACSIMILE_TOKEN": "short"])
    let twice = try Shell.run(
      """
      "$F" serve --port 0 >said & server=$!
      for i in $(seq 200); do url="$(grep -o 'http://[^ "]*/' said)" && break; sleep 0.05; done
      "$F" serve --port "$(echo "$url" | grep -o '[0-9]*/$' | tr -d /)"; echo "status $?"
      kill $server; wait $server
      """, in: place.url)
    #expect(twice.output == "status 2\n" && twice.errors.contains("is in use"), "\(twice.errors)")
  }

  /// Skipped if there is no browser, except in a pipeline.
  private static let hasBrowser: Bool = {
    let environment = ProcessInfo.processInfo.environment
    if environment["FACSIMILE_REQUIRE_BROWSER"] == "1" { return true }
    let folders = (environment["PATH"] ?? "").split(separator: ":")
    return ["chromium", "chromium-browser", "google-chrome"].contains { name in
      folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
    }
  }()

  private static let tool = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../tools/check-live").standardizedFileURL

  @Test(.enabled(if: hasBrowser))
  func inABrowser() throws {
    try place.putDataset()
    try place.put(
      "space.yaml",
      Data(
        "model: vae\nfixed: {hidden: 8}\nepochs: 2\nspace: {latent: [2, 3], learning-rate: [0.001, 0.01]}\n"
          .utf8))
    for line in [
      "train vae --out runs/vae --epochs 4 --set hidden=8",
      "train vae --out runs/b/vae --epochs 3 --set hidden=16",
      "train conv-autoencoder --out runs/conv --epochs 3 --set hidden=8 filters=4,4,4",
      "train classifier --out runs/classifier --epochs 2 --set hidden=8 filters=4,4,4",
      "search space.yaml --storage runs/space.sqlite",
    ] {
      let result = try Shell.run("\"$F\" \(line) --data data --device cpu", in: place.url)
      try #require(result.status == 0, "\(line): \(result.errors)")
    }
    let result = try Facsimile.run(
      [Facsimile.program.path, place.path("runs"), "--data", place.path("data")], in: place.url, by: Self.tool
    )
    #expect(result.status == 0, "\(result.output)\(result.errors)")
  }
}
