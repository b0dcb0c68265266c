#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The system's MPI library, Open MPI's or MPICH's, loaded on first use: training in one process needs none.
///
/// Both have the standard's functions. They differ in their handles, pointers in Open MPI and integers in MPICH, which
/// are passed as words here, and in their file names; MPICH's also serves MVAPICH and Intel MPI.
final class MPILibrary {
  typealias Word = UInt
  typealias Code = Int32

  let initialise:
    @convention(c) (UnsafeMutableRawPointer?, UnsafeMutableRawPointer?, Code, UnsafeMutablePointer<Code>) ->
      Code
  let finalise: @convention(c) () -> Code
  let abort: @convention(c) (Word, Code) -> Code
  let rank: @convention(c) (Word, UnsafeMutablePointer<Code>) -> Code
  let size: @convention(c) (Word, UnsafeMutablePointer<Code>) -> Code
  let setErrorHandler: @convention(c) (Word, Word) -> Code
  let send:
    @convention(c) (UnsafeRawPointer?, Code, Word, Code, Code, Word, UnsafeMutablePointer<Word>) -> Code
  let receive:
    @convention(c) (UnsafeMutableRawPointer?, Code, Word, Code, Code, Word, UnsafeMutablePointer<Word>) ->
      Code
  let test: @convention(c) (UnsafeMutablePointer<Word>, UnsafeMutablePointer<Code>, Word) -> Code
  let errorText: @convention(c) (Code, UnsafeMutablePointer<CChar>, UnsafeMutablePointer<Code>) -> Code

  /// All processes.
  let world: Word
  let byte: Word
  let errorsReturn: Word
  /// MPI_STATUS_IGNORE.
  let statusIgnore: Word
  /// `Open MPI` or `MPICH`.
  let name: String
  /// Whether MPI_Finalize may wait for ever for a rank that already is in it.
  ///
  /// MPICH over UCX ends each connection with a request that the other rank must answer, answers those of others until
  /// its own are answered, then waits for the launcher and answers none. Over TCP a rank that still exchanges messages
  /// may answer its neighbour first; its own requests then come too late (seen with MPICH 4.0.2 and UCX 1.13.1). So no
  /// rank may finalize before all have stopped exchanging messages: then each sends its requests before it answers any.
  let needsAnswersToEnd: Bool

  /// Opens the library of the launcher that started this process, or else any that exists.
  ///
  /// - Parameter names: names of its file; nil: those of the launcher's.
  /// - Throws: ``MPIError`` that says what to install.
  init(_ launcher: Launcher, names: [String]? = nil) throws {
    let names = names ?? launcher.libraries
    // Open MPI's plug-ins look up its functions among the global symbols.
    guard let library = names.lazy.compactMap({ dlopen($0, RTLD_NOW | RTLD_GLOBAL) }).first else {
      throw MPIError(
        "no MPI library (\(names.joined(separator: ", "))) is installed: install \(launcher.package) and start with its "
          + "mpirun")
    }
    func symbol<T>(_ name: String, as type: T.Type = T.self) throws -> T {
      guard let address = dlsym(library, name) else { throw MPIError("the MPI library has no \(name)") }
      return unsafeBitCast(address, to: type)
    }
    initialise = try symbol("MPI_Init_thread")
    finalise = try symbol("MPI_Finalize")
    abort = try symbol("MPI_Abort")
    rank = try symbol("MPI_Comm_rank")
    size = try symbol("MPI_Comm_size")
    setErrorHandler = try symbol("MPI_Comm_set_errhandler")
    send = try symbol("MPI_Isend")
    receive = try symbol("MPI_Irecv")
    test = try symbol("MPI_Test")
    errorText = try symbol("MPI_Error_string")
    if dlsym(library, "ompi_mpi_comm_world") != nil {
      name = "Open MPI"
      world = try symbol("ompi_mpi_comm_world")
      byte = try symbol("ompi_mpi_byte")
      errorsReturn = try symbol("ompi_mpi_errors_return")
      statusIgnore = 0
      needsAnswersToEnd = false
    } else {
      name = "MPICH"
      (world, byte, errorsReturn, statusIgnore) = (0x4400_0000, 0x4c00_010d, 0x5400_0001, 1)
      // Also looked up in the library's dependencies. A separate PMI library means another protocol with the launcher.
      needsAnswersToEnd =
        dlsym(library, "ucp_worker_progress") != nil
        && !["PMI_Init", "PMI2_Init", "PMIx_Init"].contains { (name: String) in dlsym(library, name) != nil }
    }
  }
}

/// The launcher that started this process.
enum Launcher {
  case openMPI
  case mpich
  case unknown

  /// According to the environment.
  static var here: Launcher {
    if getenv("OMPI_COMM_WORLD_SIZE") != nil { return .openMPI }
    return getenv("PMI_SIZE") != nil || getenv("PMI_RANK") != nil ? .mpich : .unknown
  }

  /// The number of processes that it started; nil if unknown.
  static var processes: Int? {
    let text = getenv("OMPI_COMM_WORLD_SIZE") ?? getenv("PMI_SIZE")
    return text.flatMap { Int(String(cString: $0)) }
  }

  /// The number of tasks of the Slurm job step of this process; nil outside of Slurm.
  static var tasks: Int? {
    guard getenv("SLURM_PROCID") != nil, let text = getenv("SLURM_NTASKS") else { return nil }
    return Int(String(cString: text))
  }

  /// Waits for all processes without MPI, by MPICH's own barrier: one line to the launcher in version 1 of its protocol
  /// (PMI), and one back. Does nothing if the launcher has opened no connection.
  static func waitForAll() {
    guard let text = getenv("PMI_FD"), let connection = Int32(String(cString: text)) else { return }
    let line = Array("cmd=barrier_in\n".utf8)
    guard write(connection, line, line.count) == line.count else { return }
    var byte: UInt8 = 0
    while byte != UInt8(ascii: "\n") {
      let count = read(connection, &byte, 1)
      guard count == 1 || count < 0 && errno == EINTR else { return }
    }
  }

  /// Debian's package.
  var package: String {
    switch self {
    case .openMPI: "Open MPI (Debian: openmpi-bin)"
    case .mpich: "MPICH (Debian: mpich)"
    case .unknown: "Open MPI or MPICH (Debian: openmpi-bin or mpich)"
    }
  }

  /// Names of its library.
  var libraries: [String] {
    switch self {
    case .openMPI: ["libmpi.so.40", "libmpi.so"]
    case .mpich: ["libmpich.so.12", "libmpi.so.12", "libmpich.so"]
    case .unknown: ["libmpi.so.40", "libmpich.so.12", "libmpi.so.12"]
    }
  }
}

/// Why MPI cannot be used.
package struct MPIError: Error, CustomStringConvertible, Hashable, Sendable {
  /// The message, in one line.
  package let description: String

  init(_ message: String) { description = message }
}

/// What the launcher tells a process before MPI is initialised.
package enum Launched {
  /// The rank of this process; 0 if unknown.
  package static var rank: Int {
    let text = getenv("OMPI_COMM_WORLD_RANK") ?? getenv("PMI_RANK") ?? getenv("SLURM_PROCID")
    return text.flatMap { Int(String(cString: $0)) } ?? 0
  }
}
