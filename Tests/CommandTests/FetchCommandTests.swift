import Foundation
import TestSupport
import Testing

private let fashionFolder = "/usr/share/datasets/fashion-mnist"

@Suite("data fetch")
struct FetchCommandTests {
  private let place: TemporaryFolder

  init() throws { place = try TemporaryFolder() }

  private var environment: [String: String] {
    ["XDG_CACHE_HOME": place.path("cache"), "FACSIMILE_DATA": "", "no_proxy": "127.0.0.1"]
  }

  @Test("Bad usage, and what cannot be had, is one line")
  func refusals() throws {
    func fails(_ arguments: String, _ status: Int32, _ text: String) throws {
      let words = arguments.split(separator: " ").map(String.init)
      try Facsimile.expectFailure(
        ["data", "fetch"] + words, status: status, text, in: place.url, environment: environment)
    }
    let server = try HTTPServer { request in
      request.path.hasPrefix("/wrong") ? .init(Data("no digits".utf8), request) : .init(status: 404)
    }
    defer { server.stop() }
    try fails("mnits", 64, "(did you mean mnist?)")
    try fails("emnist", 64, "name one of them, such as emnist-letters")
    try fails("mnist --mirror file:///data", 64, "expected an address")
    try fails("mnist --timeout 0", 64, "from 1 to 3600")
    try fails("kmnist --mirror \(server.address)/", 2, "\(server.address): the server has no such file (404)")
    try fails("mnist --mirror \(server.address)/wrong", 2, "not the published file")
    #expect(server.requests.map(\.path).contains("/train-images-idx3-ubyte.gz"))
    #expect(try place.names().contains("cache"))
    #expect(
      try FileManager.default.contentsOfDirectory(atPath: place.path("cache/facsimile/datasets/mnist")) == [])
    try fails("cifar-10 --mirror \(server.address)/wrong", 2, "not the published file")
    // The error of a missing data set names the command.
    try Facsimile.expectFailure(
      ["data", "inspect", "kmnist"], status: 2, "get them with: facsimile data fetch kmnist",
      environment: environment)
  }

  @Test("A full disk is one line")
  func fullDisk() throws {
    let data = Data(count: 100_000)
    let server = try HTTPServer { .init(data, $0) }
    defer { server.stop() }
    let result = try Shell.run(
      "ulimit -f 8; export FACSIMILE_DATA= XDG_CACHE_HOME=$PWD/cache no_proxy=127.0.0.1; "
        + "$F data fetch mnist --mirror \(server.address) 2>errors >/dev/null; echo $?; cat errors",
      in: place.url)
    #expect(result.output.hasPrefix("2\nerror: cannot write "), "\(result.output)")
    #expect(result.output.split(separator: "\n").count == 2)
  }

  @Test(
    "Fashion-MNIST, from a mirror into the cache folder",
    .enabled(if: FileManager.default.fileExists(atPath: fashionFolder + "/t10k-labels-idx1-ubyte.gz")))
  func fashion() throws {
    struct Figures: Decodable {
      let folder: String
      let isVerified: Bool
      let trainImages: Int
      let bytesReceived: Int
    }
    let server = try HTTPServer { request in
      let file = try? Data(contentsOf: URL(fileURLWithPath: fashionFolder + request.path))
      return file.map { .init($0, request) } ?? .init(status: 404)
    }
    defer { server.stop() }
    let arguments = ["data", "fetch", "fashion-mnist", "--mirror", server.address]
    let there = try Facsimile.run(arguments, environment: environment)
    #expect(there.output.contains("is there already") && server.requests.isEmpty)
    let forced = try Facsimile.run(arguments + ["--force", "--json"], environment: environment)
    let figures = try forced.json(Figures.self)
    #expect(figures.folder == place.path("cache/facsimile/datasets/fashion-mnist") && figures.isVerified)
    #expect(figures.trainImages == 60_000 && figures.bytesReceived > 25_000_000)
    #expect(forced.errors.contains("train-images-idx3-ubyte.gz: from \(server.address)"))
  }
}
