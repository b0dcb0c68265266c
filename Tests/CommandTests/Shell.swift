import Foundation
import TestSupport

/// A bash command line in which `$F` is the program: for redirections, pipes and limits.
enum Shell {
  /// Runs it in `folder`; `output` and `errors` are those of the whole line.
  static func run(_ line: String, in folder: URL) throws -> Facsimile.Result {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", line]
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment.merging([
      "F": Facsimile.program.path, "FACSIMILE_KERNEL_CACHE": TestDevices.cacheFolder.path,
    ]) { $1 }
    let (output, errors) = (
      folder.appendingPathComponent(".output"), folder.appendingPathComponent(".errors")
    )
    for url in [output, errors] { _ = FileManager.default.createFile(atPath: url.path, contents: nil) }
    process.standardOutput = try FileHandle(forWritingTo: output)
    process.standardError = try FileHandle(forWritingTo: errors)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    defer { for url in [output, errors] { try? FileManager.default.removeItem(at: url) } }
    return Facsimile.Result(
      status: process.terminationReason == .exit
        ? process.terminationStatus : 128 + process.terminationStatus,
      output: try String(contentsOf: output, encoding: .utf8),
      errors: try String(contentsOf: errors, encoding: .utf8))
  }
}
