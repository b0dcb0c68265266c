import Foundation
import Synchronization
import TestSupport
import Testing

/// The program, run as a user runs it.
enum Facsimile {
  /// The result of a run of the program.
  struct Result {
    let status: Int32
    let output: String
    let errors: String

    /// The output as JSON.
    func json<Value: Decodable>(_ type: Value.Type = Value.self) throws -> Value {
      try Facsimile.decode(type, Data(output.utf8))
    }
  }

  /// Seconds after which a hanging run is killed.
  private static let patience = 300.0

  /// Keys in snake case become names in camel case.
  static func decode<Value: Decodable>(_ type: Value.Type, _ data: Data) throws -> Value {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(type, from: data)
  }

  /// The program is in the folder of the tests' own binary.
  static let program: URL = {
    let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath().deletingLastPathComponent()
    let bundle = CommandLine.arguments.first.map { URL(fileURLWithPath: $0).deletingLastPathComponent() }
    let candidates = [tests] + (bundle.map { [$0] } ?? [])
    let found = candidates.map { $0.appendingPathComponent("facsimile") }
    return found.first { FileManager.default.isExecutableFile(atPath: $0.path) } ?? found[0]
  }()

  /// A signal that is sent to a run at a random moment of the fraction of a second after its output contains a text.
  struct Stop {
    let signal: Int32
    let text: String
    /// The process to signal, given the one that was started.
    var target: @Sendable (Int32) -> Int32 = { $0 }

    /// Ctrl-C.
    static func interrupt(after text: String) -> Stop { Stop(signal: SIGINT, text: text) }
    /// `kill -9`, which nobody can catch.
    static func kill(after text: String) -> Stop { Stop(signal: SIGKILL, text: text) }
  }

  /// Runs the program with these arguments to its end, or stops it before. Kernels compiled by one run are reused by
  /// the next, but none from before the tests.
  ///
  /// - Parameter launcher: another program that is started with these arguments and starts this one.
  static func run(
    _ arguments: [String], in folder: URL? = nil, environment: [String: String] = [:], stop: Stop? = nil,
    by launcher: URL? = nil
  ) throws -> Result {
    let process = Process()
    process.executableURL = launcher ?? program
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.environment = ProcessInfo.processInfo.environment
      .merging(["FACSIMILE_KERNEL_CACHE": TestDevices.cacheFolder.path]) { $1 }
      .merging(environment) { $1 }
    let (output, errors) = (Pipe(), Pipe())
    (process.standardOutput, process.standardError) = (output, errors)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let identifier = process.processIdentifier
    let deadline = DispatchWorkItem { kill(identifier, SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + patience, execute: deadline)
    defer { deadline.cancel() }
    // Both streams are read concurrently: a full pipe blocks the program.
    let complaints = Mutex(Data())
    let reading = DispatchGroup()
    DispatchQueue.global().async(group: reading) {
      let all = errors.fileHandleForReading.readDataToEndOfFile()
      complaints.withLock { $0 = all }
    }
    var said = Data()
    var isStopped = false
    while case let part = output.fileHandleForReading.availableData, !part.isEmpty {
      said += part
      if let stop, !isStopped, String(decoding: said, as: UTF8.self).contains(stop.text) {
        isStopped = true
        Thread.sleep(forTimeInterval: .random(in: 0...0.03))
        kill(stop.target(identifier), stop.signal)
      }
    }
    reading.wait()
    process.waitUntilExit()
    return Result(
      status: process.terminationReason == .exit
        ? process.terminationStatus : 128 + process.terminationStatus,
      output: String(decoding: said, as: UTF8.self),
      errors: String(decoding: complaints.withLock { $0 }, as: UTF8.self))
  }

  /// Expects a failure: this exit status, no standard output, one line with `text`, after `besides` other lines.
  static func expectFailure(
    _ arguments: [String], status: Int32, _ text: String, in folder: URL? = nil,
    environment: [String: String] = [:], besides: Int = 0, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let result = try run(arguments, in: folder, environment: environment)
    #expect(result.status == status, "\(result.errors)", sourceLocation: sourceLocation)
    let lines = result.errors.split(separator: "\n")
    #expect(lines.count == 1 + besides, "\(result.errors)", sourceLocation: sourceLocation)
    #expect(lines.last?.hasPrefix("error: ") == true, sourceLocation: sourceLocation)
    #expect(result.errors.contains(text), "\(result.errors)", sourceLocation: sourceLocation)
  }
}
