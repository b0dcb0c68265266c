import Foundation
import Storage
import TestSupport
import Testing

/// What may be written to, read and removed, and what may not.
@Suite struct PlaceTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func pipe(_ name: String) throws -> URL {
    try #require(mkfifo(folder.path(name), 0o600) == 0)
    return folder.file(name)
  }

  @Test("What is no file is not replaced by one")
  func replacing() throws {
    let pipe = try pipe("pipe")
    try FileManager.default.createSymbolicLink(at: folder.file("link"), withDestinationURL: pipe)
    try FileManager.default.createSymbolicLink(atPath: folder.path("null"), withDestinationPath: "/dev/null")
    for (name, found) in [
      (pipe.path, "a pipe"), (folder.path("link"), "a pipe"), (folder.path("null"), "a device"),
      ("/dev/null", "a device"), ("/dev/fd", "a folder"), (folder.url.path, "a folder"),
    ] {
      let error = #expect(throws: NotAFile.self) {
        try AtomicFile.write(Data([1]), to: URL(fileURLWithPath: name))
      }
      #expect(error?.found == found, "\(name)")
    }
    var status = stat()
    #expect(lstat(pipe.path, &status) == 0 && status.st_mode & S_IFMT == S_IFIFO)
    #expect(try folder.names() == ["link", "null", "pipe"], "no temporary file stays")
  }

  @Test("An open file under the system's name for it is not replaced")
  func openFile() throws {
    let descriptor = open(folder.path("out"), O_RDWR | O_CREAT, 0o600)
    defer { close(descriptor) }
    #expect(throws: NotAFile.self) {
      try AtomicFile.write(Data([1]), to: URL(fileURLWithPath: "/proc/self/fd/\(descriptor)"))
    }
  }

  @Test("What a killed process left goes; what a living one writes stays")
  func temporaryFiles() throws {
    try folder.put(".facsimile-dead.tmp", Data([1]))
    let living = open(folder.path(".facsimile-living.tmp"), O_RDWR | O_CREAT, 0o600)
    defer { close(living) }
    #expect(flock(living, LOCK_EX) == 0)
    try AtomicFile.write(Data([2]), to: folder.file("a"))
    #expect(try folder.names() == [".facsimile-living.tmp", "a"])
  }

  @Test("Reading: plain files, up to a size")
  func reading() throws {
    let file = try folder.put("a", Data(count: 100))
    #expect(try readFile(file, upTo: 100).count == 100)
    #expect(throws: FileTooLarge.self) { try readFile(file, upTo: 99) }
    #expect(throws: NotAFile.self) { try readFile(pipe("pipe"), upTo: 99) }
    #expect(throws: FileTooLarge.self) { try readInput(URL(fileURLWithPath: "/dev/zero"), upTo: 99) }
    for path in [folder.path("pipe"), "/dev/zero"] {
      #expect(throws: NotAFile.self) { try SafeTensors(contentsOf: URL(fileURLWithPath: path)) }
    }
    // A sparse file of seven thousand million zeros.
    let sparse = try folder.put("sparse", Data())
    #expect(truncate(sparse.path, 7_000_000_000) == 0)
    #expect(throws: FileTooLarge.self) { try SafeTensors(contentsOf: sparse, atMost: 1 << 20) }
    let began = ContinuousClock.now
    #expect(throws: SafeTensorsError.self) { try SafeTensors(contentsOf: sparse, atMost: .max) }
    #expect(ContinuousClock.now - began < .seconds(1))
  }

  @Test("Removing says what could not be removed, and why")
  func removing() throws {
    try folder.put("a/b/c", Data([1]))
    try FileManager.default.createSymbolicLink(at: folder.file("a/link"), withDestinationURL: folder.url)
    try removeAll(folder.file("a"))
    try removeAll(folder.file("a"))
    #expect(try folder.names().isEmpty)
    let error = #expect(throws: FileError.self) { try removeAll(URL(fileURLWithPath: "/proc/self/stat")) }
    #expect(error?.action == "remove" && error?.path == "/proc/self/stat", "\(error as Any)")
  }

  @Test("Only an empty folder is taken")
  func folders() throws {
    try makeEmptyFolder(folder.file("new/inside"))
    try makeEmptyFolder(folder.file("new/inside"))
    let error = #expect(throws: FolderNotEmpty.self) { try makeEmptyFolder(folder.file("new")) }
    #expect(error?.names == ["inside"])
    try folder.put("file", Data())
    #expect(throws: FileError.self) { try makeEmptyFolder(folder.file("file")) }
  }

  @Test("A lock is waited for, and keeps its note")
  func lock() throws {
    let lock = try FolderLock(folder: folder.url, note: "word")
    #expect(FolderLock.note(in: folder.url) == "word")
    let began = ContinuousClock.now
    let error = #expect(throws: FolderInUse.self) { try FolderLock(folder: folder.url, patience: 0.3) }
    #expect(ContinuousClock.now - began >= .seconds(0.3) && error?.process == getpid())
    try lock.renote(nil)
    #expect(FolderLock.note(in: folder.url) == nil)
    withExtendedLifetime(lock) {}
  }

  @Test("A sealed file knows its contents, in whatever order they lie")
  func seal() throws {
    var file = SafeTensors()
    try file.add("a", shape: [2], floats: [1, 2])
    try file.add("b", shape: [1], values: [UInt8(3)])
    file.metadata = ["key": "value"]
    #expect(file.sealing == .missing)
    file.seal()
    #expect(try SafeTensors(data: file.serialized()).sealing == .whole)
    var reordered = SafeTensors()
    for tensor in file.tensors.reversed() { try reordered.add(tensor) }
    reordered.metadata = file.metadata
    #expect(reordered.sealing == .whole)
    reordered.metadata["key"] = "other"
    #expect(reordered.sealing == .broken)
    reordered.metadata["key"] = "value"
    try reordered.add("c", shape: [0], floats: [])
    #expect(reordered.sealing == .broken)
  }
}
