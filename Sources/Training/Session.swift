import CVersion
import Datasets
import Foundation
import Programs
import Storage

/// One process that trained a run: information in the manifest that its hash does not cover.
package struct Session: Codable, Sendable, Equatable {
  /// Start time in UTC: `2026-11-26T06:41:00Z`.
  package let date: String
  /// Version of Facsimile.
  package let version: String
  /// The commit that the program was built from, or `unknown`.
  package let commit: String
  /// The command line, quoted for a shell.
  package let commandLine: String
  /// The device, as the value for `--device`.
  package let device: String
  /// Threads of the CPU backend; nil on other devices.
  package let threads: Int?
  /// The folder that the data were read from; empty if a program gave them.
  package let data: String

  enum CodingKeys: String, CodingKey {
    case date, version, commit, device, threads, data
    case commandLine = "command_line"
  }

  /// This process, training on `device`.
  init(_ device: DeviceInfo, _ dataset: Dataset) {
    var seconds = time(nil)
    var parts = tm()
    gmtime_r(&seconds, &parts)
    func two(_ value: Int32) -> String { value < 10 ? "0\(value)" : "\(value)" }
    date =
      "\(parts.tm_year + 1900)-\(two(parts.tm_mon + 1))-\(two(parts.tm_mday))T"
      + "\(two(parts.tm_hour)):\(two(parts.tm_min)):\(two(parts.tm_sec))Z"
    version = Version.number
    commit = String(cString: facsimile_commit())
    commandLine = ([SystemPath.program] + SystemPath.arguments).map { shellQuoted($0) }.joined(separator: " ")
    self.device = device.identifier
    threads = device.identifier == "cpu" ? device.units : nil
    data = dataset.source?.path ?? ""
  }
}
