import ArgumentParser
import CSystem
import CVersion
import Distributed
import Foundation
import Numerics
import Training

/// The processes of one job; rank 0 speaks for all.
final class Job {
  let group: MPIGroup
  /// The ranks as processes that train with rank 0.
  let crew: Crew
  /// Whether the other ranks are waiting for rank 0's trainings.
  private var isLed = false
  /// Number of ranks on this machine.
  private(set) var neighbours = 1

  var isFirst: Bool { group.rank == 0 }

  private init() throws {
    group = try MPIGroup()
    crew = Crew(group)
    Console.useWholeLines()
    if group.rank > 0 {
      Console.mute()
      facsimile_note_interrupts_silently()
    }
  }

  /// The first messages: ranks of different versions may not understand any others.
  private func meet() throws {
    let version =
      "\(Version.number), commit \(String(cString: facsimile_commit())), numerics contract \(contractVersion)"
    let versions = try group.gather(Array(version.utf8)).map { String(decoding: $0, as: UTF8.self) }
    if let rank = versions.firstIndex(where: { $0 != versions[0] }) {
      throw JobFailure(
        description: "rank \(rank) has another version than rank 0: \(versions[rank]), not \(versions[0])",
        status: ExitStatus.couldNotRun)
    }
    try meetNeighbours()
  }

  /// Finds the ranks on this machine. If one is killed, another one reports it, and all of them end.
  private func meetNeighbours() throws {
    let host = ProcessInfo.processInfo.hostName
    // A process ID is valid in its own namespace only.
    let namespace = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/ns/pid")) ?? ""
    let all = try group.gather(Array("\(getpid()) \(namespace) \(host)".utf8)).map {
      String(decoding: $0, as: UTF8.self).split(
        separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    }
    neighbours = all.count { $0[2] == host }
    let near = all.indices.filter { all[$0][1] == namespace && all[$0][2] == host }
    let others = near.filter { $0 != group.rank }
    let lines = others.map { other -> UnsafeMutablePointer<CChar>? in
      guard near.first(where: { $0 != other }) == group.rank else { return nil }
      return strdup(
        "error: rank \(other) was lost (process \(all[other][0]) was killed or crashed); what was saved before is kept\n"
      )
    }
    defer { lines.forEach { free($0) } }
    facsimile_watch(others.map { Int32(all[$0][0])! }, lines.map { UnsafePointer($0) }, Int32(others.count))
  }

  /// Runs `body` in every process; they end together.
  ///
  /// An error that all ranks know of, or that rank 0 can tell them, is reported by rank 0. Any other is reported by its
  /// rank, which ends the others at once: they may be waiting for it.
  static func run(_ body: (Job) throws -> Void) throws {
    let job: Job
    do {
      job = try Job()
    } catch let error as MPIError {
      // Without MPI a process knows its rank from the launcher only, and one line is enough.
      if Launched.rank > 0 { throw ExitCode(ExitStatus.couldNotRun) }
      throw error
    }
    do {
      try job.meet()
      try body(job)
    } catch {
      try job.end(error)
    }
    if job.isLed, job.isFirst { try job.crew.end(ExitStatus.done) }
    job.close()
  }

  /// From now on rank 0 leads, and the others train with it; they end their command here when rank 0 releases them.
  func lead(_ means: TrainingMeans) throws {
    isLed = true
    guard !isFirst else { return }
    throw ExitCode(try crew.assist(means.dataset, on: means.backend, StopSignal.onInterrupt()))
  }

  /// Waits for all ranks, and ends MPI.
  private func close() {
    facsimile_end_watch()
    _ = try? group.any(false)
    group.close()
    // Once a rank has ended with a status other than 0, the launcher ends the others, which are about to end.
    signal(SIGTERM, SIG_IGN)
  }

  private func end(_ error: any Error) throws -> Never {
    let status = (error as? ExitCode)?.rawValue ?? Failure(error, []).status
    let isShared =
      error is ExitCode || error is JobFailure || error is GroupError
      // Bad usage concerns all ranks until rank 0 leads.
      || (isLed ? isFirst && !crew.isAstray : error is UsageError)
    guard isShared else {
      let rank = group.count > 1 ? "rank \(group.rank): " : ""
      Console.complain(rank + Failure(error, []).line)
      facsimile_end_all_watches()
      group.abort(status)
    }
    // Before any rank ends: then the launcher ends the others.
    if isFirst, !(error is ExitCode) { Console.complain(Failure(error, []).line) }
    if isLed, isFirst { try crew.end(status) }
    close()
    throw ExitCode(status)
  }

  /// The result of `body` at this rank, if it succeeds at all ranks.
  ///
  /// Throws: `JobFailure`, at all ranks, with the error of the lowest rank that has one.
  func each<Value>(_ body: () throws -> Value) throws -> Value {
    let result = Result { try body() }
    let all = try group.gather(Array(JobFailure.encoded(result))).map(JobFailure.init(encoded:))
    let failures = all.enumerated().compactMap { rank, failure in failure.map { (rank, $0) } }
    guard let (rank, first) = failures.first else { return try result.get() }
    let isCommon = failures.count == group.count && failures.allSatisfy { $0.1 == first }
    throw isCommon ? first : JobFailure(description: "rank \(rank): \(first)", status: first.status)
  }

  /// The result of `body` at rank 0, at all ranks.
  ///
  /// Throws: `JobFailure`, at all ranks, if it fails.
  func fromFirst(_ body: () throws -> Data) throws -> Data {
    let result = isFirst ? Result { try body() } : nil
    let failure = try group.broadcast(result.map { Array(JobFailure.encoded($0)) })
    if let failure = JobFailure(encoded: failure) { throw failure }
    return Data(try group.broadcast(result.map { Array(try $0.get()) }))
  }
}

/// An error that all ranks of a job know of.
struct JobFailure: Error, Codable, Equatable, CustomStringConvertible {
  let description: String
  let status: Int32

  init(description: String, status: Int32) { (self.description, self.status) = (description, status) }

  /// Nil if no bytes were sent, for success.
  fileprivate init?(encoded bytes: [UInt8]) {
    guard !bytes.isEmpty, let failure = try? JSONDecoder().decode(Self.self, from: Data(bytes)) else {
      return nil
    }
    self = failure
  }

  fileprivate static func encoded<Value>(_ result: Result<Value, any Error>) -> Data {
    guard case .failure(let error) = result else { return Data() }
    let failure = Failure(error, [])
    // Two strings and a number always have a JSON form.
    return try! JSONEncoder().encode(JobFailure(description: failure.line, status: failure.status))
  }
}
