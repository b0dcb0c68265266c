import Foundation
import Testing

/// Launchers of MPI, and the program started by them.
struct MPI: Sendable, CustomStringConvertible {
  let description: String
  private let program: URL
  private let options: [String]

  /// The installed launchers.
  static let launchers: [MPI] = [
    ("Open MPI", "mpirun.openmpi", ["--allow-run-as-root", "--oversubscribe", "--quiet"]),
    ("MPICH", "mpirun.mpich", []),
  ].compactMap { name, file, options in
    let path = "/usr/bin/\(file)"
    guard FileManager.default.isExecutableFile(atPath: path) else { return nil }
    return MPI(description: name, program: URL(fileURLWithPath: path), options: options)
  }

  static let isRequired = ProcessInfo.processInfo.environment["FACSIMILE_REQUIRE_MPI"] == "1"
  /// Tests run if there is a launcher, and fail unless both exist if CI requires them.
  static let areWanted = !launchers.isEmpty || isRequired

  /// Runs the program with `ranks[r]` as the arguments of rank r.
  func run(_ ranks: [[String]], in folder: URL, stop: Facsimile.Stop? = nil) throws -> Facsimile.Result {
    let each = ranks.map { ["-n", "1", Facsimile.program.path] + $0 }
    return try Facsimile.run(
      options + Array(each.joined(separator: [":"])), in: folder, stop: stop, by: program)
  }

  /// Whether this is a message of MPI itself about a lost process, which may come first.
  func says(_ line: Substring) -> Bool {
    ["Read -1, expected ", "process_vm_readv", "[proxy:", "[mpiexec@"].contains { line.contains($0) }
  }

  /// Any rank of the job that `launcher` started.
  static func rank(of launcher: Int32) -> Int32 {
    let children =
      (try? FileManager.default.contentsOfDirectory(atPath: "/proc"))?.compactMap { Int32($0) } ?? []
    func stat(_ process: Int32) -> (name: String, parent: Int32)? {
      guard let text = try? String(contentsOfFile: "/proc/\(process)/stat", encoding: .utf8),
        let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")"),
        let parent = text[close...].split(separator: " ").dropFirst(2).first.flatMap({ Int32($0) })
      else { return nil }
      return (String(text[text.index(after: open)..<close]), parent)
    }
    func descends(_ process: Int32) -> Bool {
      guard process > 1, let parent = stat(process)?.parent else { return false }
      return parent == launcher || descends(parent)
    }
    return children.filter { stat($0)?.name == "facsimile" && descends($0) }.randomElement() ?? launcher
  }
}
