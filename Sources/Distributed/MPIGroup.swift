import CSystem
import Foundation
import Numerics
import Training

/// The processes that `mpirun` started.
///
/// Must be called from one thread at a time.
package final class MPIGroup: Collective {
  package let rank: Int
  package let count: Int
  /// `Open MPI` or `MPICH`.
  package var library: String { mpi.name }

  private let mpi: MPILibrary

  /// Maximum bytes of one message: MPI counts in 32 bits.
  private static let limit = 1 << 30
  /// How long a message is awaited before yielding the processor, and before sleeping.
  private static let (eager, awake) = (Duration.microseconds(50), Duration.milliseconds(20))

  /// Joins the processes that were started together; waits for all of them.
  ///
  /// - Parameter names: names of the library's file; nil: those of the launcher's library.
  /// - Throws: ``MPIError`` if there is no MPI, or it is not the launcher's.
  package init(names: [String]? = nil) throws {
    let launcher = Launcher.here
    // If another process is killed, a backtrace of our calls explains nothing.
    setenv("UCX_HANDLE_ERRORS", "none", 0)
    mpi = try MPILibrary(launcher, names: names)
    // Processes on one machine may be forbidden to read each other's memory, as in a container; Open MPI then complains.
    if !facsimile_may_read_parent() { setenv("OMPI_MCA_btl_vader_single_copy_mechanism", "none", 0) }
    var (level, rank, size) = (Int32(0), Int32(0), Int32(0))
    // MPI_THREAD_SERIALIZED
    let isOpen = mpi.initialise(nil, nil, 2, &level) == 0
    ArithmeticMode.establish()
    guard isOpen, mpi.rank(mpi.world, &rank) == 0, mpi.size(mpi.world, &size) == 0 else {
      throw MPIError("\(mpi.name) could not begin")
    }
    _ = mpi.setErrorHandler(mpi.world, mpi.errorsReturn)
    (self.rank, count) = (Int(rank), Int(size))
    if let started = Launcher.processes ?? (count == 1 ? Launcher.tasks : nil), started != count {
      throw MPIError(
        "\(started) processes were started, but \(mpi.name) knows \(count): start with its own mpirun, with srun --mpi=pmi2 (MPICH) "
          + "or with srun --mpi=pmix (Open MPI)")
    }
  }

  package func exchange(_ sent: [Outgoing], _ received: [Incoming]) throws {
    try exchange([Round(sent, received)]) { _ in }
  }

  package func exchange(_ rounds: [Round], after: (Int) -> Void) throws {
    defer { ArithmeticMode.establish() }
    var requests: [[UInt]] = []
    for index in rounds.indices {
      while requests.count < min(index + 1 + Round.mostAhead, rounds.count) {
        requests.append(try begin(rounds[requests.count]))
      }
      try wait(for: &requests[index])
      ArithmeticMode.establish()
      after(index)
    }
  }

  private func begin(_ round: Round) throws -> [UInt] {
    var requests: [UInt] = []
    for message in round.received {
      try Self.pieces(message.bytes.count) { first, count in
        try request(&requests) {
          mpi.receive(
            message.bytes.baseAddress! + first, count, mpi.byte, Int32(message.rank), 0, mpi.world, $0)
        }
      }
    }
    for message in round.sent {
      try Self.pieces(message.bytes.count) { first, count in
        try request(&requests) {
          mpi.send(message.bytes.baseAddress! + first, count, mpi.byte, Int32(message.rank), 0, mpi.world, $0)
        }
      }
    }
    return requests
  }

  /// Ends MPI; all ranks must call it when all messages have arrived, and wait for each other.
  package func close() {
    if mpi.needsAnswersToEnd { Launcher.waitForAll() }
    _ = mpi.finalise()
  }

  /// Ends the processes of all ranks at once with `status`.
  package func abort(_ status: Int32) -> Never {
    _ = mpi.abort(mpi.world, status)
    exit(status)
  }

  /// Offset and length of each piece of a message.
  private static func pieces(_ bytes: Int, _ body: (Int, Int32) throws -> Void) rethrows {
    for first in stride(from: 0, to: bytes, by: limit) { try body(first, Int32(min(limit, bytes - first))) }
  }

  private func request(_ requests: inout [UInt], _ begin: (UnsafeMutablePointer<UInt>) -> Int32) throws {
    var request = UInt(0)
    try check(begin(&request))
    requests.append(request)
  }

  /// Waits without occupying a processor that the awaited rank may need.
  private func wait(for requests: inout [UInt]) throws {
    let began = ContinuousClock.now
    for index in requests.indices {
      var isDone = Int32(0)
      while true {
        try check(mpi.test(&requests[index], &isDone, mpi.statusIgnore))
        if isDone != 0 { break }
        let waited = began.duration(to: .now)
        if waited > Self.awake { usleep(100) } else if waited > Self.eager { sched_yield() }
      }
    }
  }

  private func check(_ code: Int32) throws {
    guard code != 0 else { return }
    var text = [CChar](repeating: 0, count: 8192)
    var length = Int32(0)
    _ = mpi.errorText(code, &text, &length)
    let reason = String(decoding: text.prefix(Int(length)).map { UInt8(bitPattern: $0) }, as: UTF8.self)
    throw MPIError("\(mpi.name): \(reason)")
  }
}
