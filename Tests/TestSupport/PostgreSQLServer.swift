import Foundation
import Synchronization

/// A PostgreSQL server for the tests, on a socket in its own folder; Debian's packages `postgresql` and `libpq5`. It
/// refuses to run as root: if the tests do, it runs as `postgres`.
package final class PostgreSQLServer: Sendable {
  /// Why no server could be started.
  package struct Failure: Error, CustomStringConvertible {
    package let description: String
  }

  /// The folder of the newest installed server's programs.
  private static let programs: URL? = {
    let folder = URL(fileURLWithPath: "/usr/lib/postgresql")
    let versions = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return versions.sorted { $0.compare($1, options: .numeric) == .orderedDescending }
      .map { folder.appendingPathComponent("\($0)/bin") }
      .first { FileManager.default.isExecutableFile(atPath: $0.appendingPathComponent("initdb").path) }
  }()
  /// Tests run if there is a server, and fail without one if CI requires it.
  package static let isWanted =
    programs != nil || ProcessInfo.processInfo.environment["FACSIMILE_REQUIRE_POSTGRESQL"] == "1"

  private static let running = Mutex<[URL]>([])
  /// A server for tests that do not stop it.
  package static let shared = Result { try PostgreSQLServer() }

  /// The only user's password.
  package static let password = "p4ss-in-no-file"
  private let folder: URL
  private let schemas = Atomic(0)

  /// Starts a server, which ends with the tests.
  package init() throws {
    // The path of a socket has 107 bytes at most.
    folder = URL(fileURLWithPath: "/tmp/facsimile-postgresql-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    Self.running.withLock { running in
      if running.isEmpty { atexit { PostgreSQLServer.endAll() } }
      running.append(folder)
    }
    let secret = folder.appendingPathComponent("password")
    try Data("\(Self.password)\n".utf8).write(to: secret)
    try Data("*:*:*:*:\(Self.password)\n".utf8).write(to: passwordFile)
    chmod(passwordFile.path, 0o600)
    if getuid() == 0 {
      guard let user = getpwnam("postgres") else { throw Failure(description: "there is no user postgres") }
      for file in [folder, secret] { chown(file.path, user.pointee.pw_uid, user.pointee.pw_gid) }
    }
    try Self.run(
      "initdb", ["-D", data, "-U", "facsimile", "-A", "scram-sha-256", "--pwfile", secret.path, "--no-sync"])
    try FileManager.default.removeItem(at: secret)
    try start()
  }

  /// Starts it again.
  package func start() throws {
    let options = "-c listen_addresses= -c fsync=off -c max_connections=50 -k \(folder.path)"
    try Self.run("pg_ctl", ["-D", data, "-w", "-l", folder.path + "/log", "-o", options, "start"])
  }

  /// Stops it as in a crash; committed transactions are kept.
  package func stop() throws { try Self.run("pg_ctl", ["-D", data, "-w", "-m", "immediate", "stop"]) }

  /// The password file in libpq's format.
  package var passwordFile: URL { folder.appendingPathComponent("pgpass") }

  /// The address of a new, empty schema.
  ///
  /// - Parameter knowsPassword: whether it names the password file.
  package func place(knowsPassword: Bool = true) throws -> (address: String, schema: String) {
    let schema = "place\(schemas.add(1, ordering: .relaxed).newValue)"
    try sql("CREATE SCHEMA \(schema)")
    return (
      "postgresql://facsimile@/postgres?host=\(folder.path)&options=-csearch_path%3D\(schema)"
        + (knowsPassword ? "&passfile=\(passwordFile.path)" : ""), schema
    )
  }

  /// Runs statements; returns the rows, columns with a bar between them.
  @discardableResult
  package func sql(_ statements: String, in schema: String = "public") throws -> [String] {
    try Self.run(
      "psql",
      ["-h", folder.path, "-U", "facsimile", "-XqAt", "-v", "ON_ERROR_STOP=1", "-c", statements, "postgres"],
      ["PGPASSFILE": passwordFile.path, "PGOPTIONS": "-csearch_path=\(schema)"], isServers: false
    ).split(separator: "\n").map(String.init)
  }

  private var data: String { folder.path + "/data" }

  /// Runs one of its programs as the user that it requires.
  @discardableResult
  private static func run(
    _ program: String, _ arguments: [String], _ environment: [String: String] = [:], isServers: Bool = true
  ) throws -> String {
    guard let programs else {
      throw Failure(description: "no PostgreSQL server is installed (apt: postgresql)")
    }
    // If we are root, it runs as another user.
    let user =
      isServers && getuid() == 0
      ? ["setpriv", "--reuid", "postgres", "--regid", "postgres", "--clear-groups"] : []
    let variables = environment.map { "\($0.key)=\($0.value)" }
    let output = FileManager.default.temporaryDirectory.appendingPathComponent("output-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: output) }
    let status = try spawn(
      ["/usr/bin/env", "--chdir=/"] + variables + user + [programs.appendingPathComponent(program).path]
        + arguments,
      to: output.path)
    let text = try String(decoding: Data(contentsOf: output), as: UTF8.self)
    guard status == 0 else { throw Failure(description: "\(program) failed: \(text)") }
    return text
  }

  /// Runs a command with its output in a file, and waits for it; returns the status.
  ///
  /// Not by Foundation's `Process`, which waits until nobody has its pipes, and a server keeps inherited descriptors.
  private static func spawn(_ command: [String], to output: String) throws -> Int32 {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, output, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    posix_spawn_file_actions_adddup2(&actions, STDOUT_FILENO, STDERR_FILENO)
    let closing = #"for f in /proc/self/fd/*; do f=${f##*/}; ((f < 3)) || exec {f}>&-; done; exec "$@""#
    let words = (["/bin/bash", "-c", closing, "bash"] + command).map { strdup($0) } + [nil]
    let variables = ProcessInfo.processInfo.environment.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for text in words + variables { free(text) } }
    var process = pid_t()
    let code = posix_spawn(&process, "/bin/bash", &actions, nil, words, variables)
    guard code == 0 else { throw Failure(description: "\(command): \(String(cString: strerror(code)))") }
    var status: Int32 = 0
    while waitpid(process, &status, 0) == -1, errno == EINTR {}
    return status
  }

  private static func endAll() {
    for folder in running.withLock({ $0 }) {
      let file = try? String(contentsOfFile: folder.path + "/data/postmaster.pid", encoding: .utf8)
      if let process = file?.split(separator: "\n").first.flatMap({ Int32($0) }) {
        kill(process, SIGQUIT)
        // Until it has ended, it may write files into the folder.
        for _ in 0..<200 where kill(process, 0) == 0 { usleep(20_000) }
      }
      try? FileManager.default.removeItem(at: folder)
    }
  }
}
