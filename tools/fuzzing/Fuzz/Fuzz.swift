import Foundation

/// The reader that FACSIMILE_FUZZ_READER names, and a folder for its files, which `tools/fuzz` removes.
private let reader: Reader = {
  let name = ProcessInfo.processInfo.environment["FACSIMILE_FUZZ_READER"] ?? ""
  guard let reader = Reader(rawValue: name) else {
    let names = Reader.allCases.map(\.rawValue).joined(separator: " ")
    FileHandle.standardError.write(Data("set FACSIMILE_FUZZ_READER to one of \(names)\n".utf8))
    exit(64)
  }
  return reader
}()

private let place: URL = {
  let folder = FileManager.default.temporaryDirectory.appendingPathComponent("facsimile-fuzz-\(getpid())")
  try! FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
  return folder
}()

/// Whether to print the result for every input, for trying single ones.
private let isTalking = ProcessInfo.processInfo.environment["FACSIMILE_FUZZ_TALK"] != nil

/// Called by libFuzzer: reads one input, which may fail only with an error.
@_cdecl("LLVMFuzzerTestOneInput")
public func testOneInput(_ bytes: UnsafePointer<UInt8>, _ count: Int) -> CInt {
  do {
    try reader.read(Data(bytes: bytes, count: count), in: place)
    if isTalking { print("read: \(count) bytes") }
  } catch {
    if isTalking { print("refused: \(error)") }
  }
  return 0
}
