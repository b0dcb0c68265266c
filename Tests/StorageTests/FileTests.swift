import Foundation
import Storage
import TestSupport
import Testing

@Suite("Files, locks and fingerprints")
struct FileTests {
  @Test("An atomic write creates and replaces, and leaves nothing else")
  func atomicWrite() throws {
    let folder = try TemporaryFolder()
    let file = folder.file("a.bin")
    try AtomicFile.write(Data(repeating: 7, count: 100_000), to: file)
    try AtomicFile.write(Data([1, 2, 3]), to: file)
    #expect(try Data(contentsOf: file) == Data([1, 2, 3]))
    try AtomicFile.write(Data(), to: file)
    #expect(try Data(contentsOf: file).isEmpty)
    #expect(try folder.names() == ["a.bin"])
  }

  @Test("A slice of data is written from its own start")
  func atomicWriteOfSlice() throws {
    let folder = try TemporaryFolder()
    let file = folder.file("a.bin")
    try AtomicFile.write(Data([9, 9, 1, 2]).dropFirst(2), to: file)
    #expect(try Data(contentsOf: file) == Data([1, 2]))
  }

  @Test("A write that fails keeps what was there and removes its temporary file")
  func failedWrite() throws {
    let folder = try TemporaryFolder()
    let target = folder.file("folder")
    try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
    let refusal = #expect(throws: NotAFile.self) { try AtomicFile.write(Data([1]), to: target) }
    #expect(refusal?.path == target.path && refusal?.found == "a folder")
    let long = folder.file(String(repeating: "a", count: 300))
    let error = #expect(throws: FileError.self) { try AtomicFile.write(Data([1]), to: long) }
    #expect(error?.action == "replace")
    #expect(error?.path == long.path)
    #expect(error?.code == ENAMETOOLONG)
    #expect(try folder.names() == ["folder"])
  }

  @Test("The error of a write names the path and the system's reason")
  func missingFolder() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: FileError.self) {
      try AtomicFile.write(Data([1]), to: folder.file("none/a.bin"))
    }
    #expect(error?.code == ENOENT)
    let line = "\(try #require(error))"
    #expect(line.contains(folder.file("none").path) && line.contains("No such file or directory"))
  }

  @Test("A locked folder is refused to others, naming the process, until the lock ends")
  func lock() throws {
    let folder = try TemporaryFolder()
    do {
      let lock = try FolderLock(folder: folder.url)
      let error = #expect(throws: FolderInUse.self) { try FolderLock(folder: folder.url) }
      #expect(error?.process == ProcessInfo.processInfo.processIdentifier)
      let expected = "run folder \(folder.url.path) is in use by process \(getpid())"
      #expect("\(try #require(error))".hasPrefix(expected))
      // The refused attempt must not have overwritten the holder's process ID.
      let again = #expect(throws: FolderInUse.self) { try FolderLock(folder: folder.url) }
      #expect(again == error)
      withExtendedLifetime(lock) {}
    }
    let second = try FolderLock(folder: folder.url)
    #expect(second.folder == folder.url)
  }

  @Test("A lock ends with its object, whatever processes are started meanwhile")
  func lockAndProcesses() async throws {
    let folder = try TemporaryFolder()
    // A child has a copy of every descriptor until it calls exec.
    let children = Task.detached {
      for _ in 0..<100 {
        try Process.run(URL(fileURLWithPath: "/bin/true"), arguments: []).waitUntilExit()
      }
    }
    defer { children.cancel() }
    let deadline = ContinuousClock.now + .milliseconds(500)
    while ContinuousClock.now < deadline { _ = try FolderLock(folder: folder.url) }
    try await children.value
  }

  @Test("A folder that is not there cannot be locked")
  func lockWithoutFolder() throws {
    let folder = try TemporaryFolder()
    let error = #expect(throws: FileError.self) { try FolderLock(folder: folder.file("none")) }
    #expect(error?.code == ENOENT)
  }

  @Test("Fingerprints are SHA-256, whole or in pieces")
  func fingerprint() {
    #expect(
      Fingerprint.hex(of: Data()) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
    let abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    #expect(Fingerprint.hex(of: Array("abc".utf8)) == abc)
    var pieces = Fingerprint()
    pieces.update(Data("a".utf8))
    pieces.update([UInt8]("b".utf8))
    #expect(pieces.hex != abc)
    Array("c".utf8).withUnsafeBytes { pieces.update($0) }
    #expect(pieces.hex == abc)
  }
}
