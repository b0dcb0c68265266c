import Datasets
import Foundation
import Storage
import Synchronization
import TestSupport
import Testing

@Suite("Downloads of data sets")
struct FetchTests {
  private typealias Reply = HTTPServer.Reply
  private typealias Request = HTTPServer.Request
  private let folder: TemporaryFolder
  private let data: Data

  /// A proxy would not reach the tests' own servers. Set only if there is one: other threads may read the environment.
  private static let avoidsProxy: Bool = {
    let hasProxy = !SystemPath.environment("http_proxy", "all_proxy", "ALL_PROXY").isEmpty
    if hasProxy { setenv("no_proxy", "127.0.0.1", 1) }
    return hasProxy
  }()

  init() throws {
    folder = try TemporaryFolder()
    var random = TestRandom(31)
    data = Data((0..<100_000).map { _ in UInt8(truncatingIfNeeded: random.word()) })
    _ = Self.avoidsProxy
  }

  private var url: URL { folder.file("set") }
  private var names: [String] { get throws { Files.exists(url) ? try Files.names(in: url).sorted() : [] } }
  private func contents(_ name: String = "file") throws -> Data {
    try readFile(url.appendingPathComponent(name))
  }

  private func fetcher(_ mirrors: [String], _ names: [String] = ["file"], size: Int? = nil) -> Fetcher {
    let files = names.map {
      FetchPlan.File(
        name: $0, size: size ?? data.count, sha256: Fingerprint.hex(of: data), isOfContents: false)
    }
    var fetcher = Fetcher(FetchPlan(name: "set", mirrors: mirrors, files: files), into: url)
    fetcher.patience = 1
    return fetcher
  }

  private func failure(_ fetcher: Fetcher, _ location: SourceLocation = #_sourceLocation) throws -> String {
    let error = try #require(
      #expect(throws: FetchError.self, sourceLocation: location) { try fetcher.fetch() })
    #expect(!error.description.contains("\n"), sourceLocation: location)
    return error.description
  }

  @Test("The right file is put in its place, once")
  func right() throws {
    let data = data
    let server = try HTTPServer { request in
      request.path == "/moved/file"
        ? Reply(status: 302, headers: ["Location: /a/file"]) : Reply(data, request)
    }
    defer { server.stop() }
    try fetcher([server.address + "/moved"]).fetch()
    #expect(try names == ["file"] && contents() == data)
    #expect(server.requests == [Request("/moved/file"), Request("/a/file")])
    let heard = Mutex<[FetchEvent]>([])
    var again = fetcher([server.address])
    again.listener = { event in heard.withLock { $0.append(event) } }
    try again.fetch()
    #expect(heard.withLock { $0 } == [.present(file: "file")] && server.requests.count == 2)
    again.isForced = true
    try again.fetch()
    #expect(server.requests.last == Request("/file") && server.requests.count == 3)
    // An existing wrong file is replaced.
    try folder.put("set/file", data.dropLast())
    try fetcher([server.address]).fetch()
    #expect(try names == ["file"] && contents() == data)
  }

  @Test("Packed in another way it is the same file, if the contents are known")
  func packed() throws {
    let packed = gzip(data)
    let server = try HTTPServer { Reply(packed, $0) }
    defer { server.stop() }
    let file = FetchPlan.File(
      name: "file.gz", size: data.count, sha256: Fingerprint.hex(of: data), isOfContents: true)
    try folder.put("set/file", Data("an older, unpacked file, which would be read first".utf8))
    try Fetcher(FetchPlan(name: "set", mirrors: [server.address], files: [file]), into: url).fetch()
    #expect(try names == ["file.gz"] && contents("file.gz") == packed)
  }

  @Test("A wrong file leaves nothing behind, and what is there as it is")
  func wrong() throws {
    let data = data
    let server = try HTTPServer { Reply(data.dropFirst() + [7], $0) }
    defer { server.stop() }
    let message = try failure(fetcher([server.address]))
    #expect(message.contains("not the published file: expected the SHA-256 \(Fingerprint.hex(of: data))"))
    #expect(try names == [])
    try folder.put("set/file", data)
    var forced = fetcher([server.address])
    forced.isForced = true
    _ = try failure(forced)
    #expect(try names == ["file"] && contents() == data)
    // An endless one is not read to its end.
    #expect(
      try failure(fetcher([server.address], ["other"], size: 1000)).contains("more than the 1000 bytes"))
    #expect(try names == ["file"])
  }

  @Test(
    "A connection that is cut: the rest is asked for, or all where a server cannot", arguments: [true, false])
  func cut(_ knowsRanges: Bool) throws {
    let (data, isFirst) = (data, Flag())
    let server = try HTTPServer { request in
      Reply(data, request, knowsRanges: knowsRanges, sent: isFirst.take() ? 30_000 : nil)
    }
    defer { server.stop() }
    let message = try failure(fetcher([server.address]))
    #expect(message.contains("the 30000 bytes received are kept"), "\(message)")
    #expect(try names == ["file.part"] && contents("file.part") == data.prefix(30_000))
    try fetcher([server.address]).fetch()
    #expect(server.requests == [Request("/file"), Request("/file", from: 30_000)])
    #expect(try names == ["file"] && contents() == data)
  }

  @Test("A beginning of another file, or too much of it, is thrown away", arguments: [500, 100_000, 250_000])
  func otherBeginning(_ count: Int) throws {
    let data = data
    let server = try HTTPServer { Reply(data, $0) }
    defer { server.stop() }
    try folder.put("set/file.part", Data(repeating: 1, count: count))
    try fetcher([server.address]).fetch()
    #expect(server.requests == [Request("/file", from: count), Request("/file")])
    #expect(try names == ["file"] && contents() == data)
    // Complete, but not yet renamed: nothing is requested.
    try FileManager.default.moveItem(at: folder.file("set/file"), to: folder.file("set/file.part"))
    try fetcher([server.address]).fetch()
    #expect(try names == ["file"] && server.requests.count == 2)
  }

  @Test("The next mirror is asked: after 404, another file, a cut connection, silence, and no server at all")
  func mirrors() throws {
    let data = data
    let server = try HTTPServer { request in
      switch request.path {
      case "/missing/a": Reply(status: 404)
      case "/broken/a": Reply(status: 503)
      case "/wrong/a": Reply(Data("another".utf8), request)
      case "/cut/a": Reply(data, request, sent: 20_000)
      default: Reply(data, request)
      }
    }
    defer { server.stop() }
    let gone = try HTTPServer { _ in Reply(status: 200) }
    gone.stop()
    let mirrors =
      [gone.address] + ["missing", "broken", "wrong", "cut", "right"].map { "\(server.address)/\($0)" }
    let message = try failure(fetcher(Array(mirrors.prefix(5)), ["a"]))
    for text in [
      "no such file (404)", "status 503", "not the published file", "\(gone.address): ", "20000 bytes",
    ] {
      #expect(message.contains(text), "\(message)")
    }
    try fetcher(mirrors, ["a", "b"]).fetch()
    #expect(try contents("a") == data && contents("b") == data)
    // The rest of what another mirror sent, and the next file from the mirror that answered.
    #expect(server.requests.suffix(2) == [Request("/right/a", from: 20_000), Request("/right/b")])
  }

  @Test("A server that says nothing is given up after a while")
  func slow() throws {
    let data = data
    let server = try HTTPServer { Reply(data, $0, sent: $0.offset == 0 ? 5_000 : 0, stalls: true) }
    defer { server.stop() }
    let message = try failure(fetcher([server.address]))
    #expect(message.contains("too slow") && message.contains("1 s"), "\(message)")
    #expect(try contents("file.part") == data.prefix(5_000))
  }

  @Test("Two at once, and places that cannot be written")
  func places() throws {
    let data = data
    let server = try HTTPServer { Reply(data, $0) }
    defer { server.stop() }
    let refused = Flag()
    var first = fetcher([server.address])
    let second = first
    first.listener = { event in
      guard case .received = event, refused.take() else { return }
      let message = try? failure(second)
      #expect(message?.contains("another process is downloading") == true)
    }
    try first.fetch()
    #expect(try !refused.take() && contents() == data)
    try removeAll(url)
    try makeFolder(url)
    try FileManager.default.createSymbolicLink(
      atPath: folder.path("set/file.part"), withDestinationPath: "/dev/full")
    #expect(throws: NotAFile.self) { try fetcher([server.address]).fetch() }
    try FileManager.default.removeItem(at: folder.file("set/file.part"))
    try makeFolder(folder.file("set/file"))
    #expect(throws: NotAFile.self) { try fetcher([server.address]).fetch() }
    try removeAll(url)
    try folder.put("set", Data())
    #expect(throws: FileError.self) { try fetcher([server.address]).fetch() }
  }

  @Test("The files of an archive, each by its last name; damaged ones")
  func archive() throws {
    let (first, second) = (data.prefix(1000), data.suffix(512))
    let tar =
      tarFile("top/", kind: "5") + tarFile("../../top/first", first) + tarFile("top/other", Data(count: 70))
      + tarFile("top/second", second) + Data(count: 1024)
    func fetch(_ tar: Data, _ names: [String]) throws {
      let packed = gzip(tar)
      let server = try HTTPServer { Reply(packed, $0) }
      defer { server.stop() }
      let file = FetchPlan.File(
        name: "set.tar.gz", size: packed.count, sha256: Fingerprint.hex(of: packed), isOfContents: false)
      let plan = FetchPlan(name: "set", mirrors: [server.address], files: [file], unpacked: ("inside", names))
      try Fetcher(plan, into: url).fetch()
    }
    try fetch(tar, ["first", "second"])
    #expect(try names == ["inside"] && folder.names() == ["set"])
    #expect(try Files.names(in: url.appendingPathComponent("inside")).sorted() == ["first", "second"])
    #expect(try contents("inside/first") == first && contents("inside/second") == second)
    for (damaged, text) in [
      (tar, "lacks third"), (tar.prefix(1100), "ends inside first"), (tar.prefix(700), "ends too early"),
      (Data(count: 100) + tar, "not one of tar"), (Data(), "lacks first"),
    ] {
      let error = #expect(throws: DatasetError.self) { try fetch(damaged, ["first", "second", "third"]) }
      #expect(error?.message.contains(text) == true, "\(text): \(String(describing: error))")
    }
  }

  /// A member of a tar archive, padded.
  private func tarFile(_ path: String, _ contents: Data = Data(), kind: Character = "0") -> Data {
    var header = [UInt8](repeating: 0, count: 512)
    func put(_ text: String, _ offset: Int) {
      header.replaceSubrange(offset..<offset + text.utf8.count, with: text.utf8)
    }
    func octal(_ value: Int, _ digits: Int) -> String {
      let text = String(value, radix: 8)
      return String(repeating: "0", count: digits - text.count) + text
    }
    put(path, 0)
    put(octal(contents.count, 11), 124)
    put("        ", 148)
    put(String(kind), 156)
    put("ustar", 257)
    put(octal(header.reduce(0) { $0 + Int($1) }, 6), 148)
    header[154] = 0
    return Data(header) + contents + Data(count: (512 - contents.count % 512) % 512)
  }
}

/// True once.
private final class Flag: Sendable {
  private let isSet = Mutex(true)

  func take() -> Bool {
    isSet.withLock { isSet in
      defer { isSet = false }
      return isSet
    }
  }
}
