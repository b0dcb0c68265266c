import Foundation
import Storage

/// Downloads the files of a data set into a folder.
///
/// A file is downloaded as `NAME.part` and renamed only when its SHA-256 is correct, so no file of the data set is ever
/// incomplete. What was received before a lost connection is kept, and the next attempt requests the rest.
package struct Fetcher {
  private let plan: FetchPlan
  private let folder: URL
  /// Whether to download files that already exist.
  package var isForced = false
  /// Seconds to wait for a silent server.
  package var patience = 30
  /// Called to report progress.
  package var listener: (FetchEvent) -> Void = { _ in }

  /// A download of `plan` into `folder`, which is created if it is missing.
  package init(_ plan: FetchPlan, into folder: URL) { (self.plan, self.folder) = (plan, folder) }

  /// Downloads files that are missing or wrong.
  ///
  /// - Throws: `FetchError` if no mirror gives a file; `DatasetError` for an archive that lacks files; `FileError` or `NotAFile`
  ///   if a file cannot be written.
  package func fetch() throws {
    try makeFolder(folder)
    var mirrors = plan.mirrors
    for file in plan.files {
      let place = folder.appendingPathComponent(file.name)
      if !isForced, Files.exists(place), try mismatch(place, file) == nil {
        listener(.present(file: file.name))
      } else {
        try get(file, as: place, from: &mirrors)
      }
      guard let unpacked = plan.unpacked else { continue }
      let inside = folder.appendingPathComponent(unpacked.folder, isDirectory: true)
      try makeFolder(inside)
      try TarArchive(place).extract(unpacked.names, into: inside) { listener(.unpacked(file: $0)) }
      try removeAll(place)
    }
  }

  /// Downloads one file; the mirror that delivers it is tried first for the next one.
  private func get(_ file: FetchPlan.File, as place: URL, from mirrors: inout [String]) throws {
    let part = try PartialFile(for: place)
    defer { part.close() }
    if isForced { try part.clear() }
    var failures: [String] = []
    for (number, mirror) in mirrors.enumerated() {
      guard let reason = try attempt(file, part, mirror) else {
        try AtomicFile.move(part.url, to: place)
        // An unpacked file would take precedence.
        if place.pathExtension == "gz", plan.unpacked == nil { try removeAll(place.deletingPathExtension()) }
        listener(.done(file: file.name, bytes: part.count))
        mirrors.swapAt(0, number)
        return
      }
      listener(.failed(file: file.name, mirror: mirror, reason: reason))
      failures.append("\(mirror): \(reason)")
    }
    let kept = part.count
    throw FetchError(
      description: "cannot download \(file.name) of \(plan.name): \(failures.joined(separator: "; "))"
        + (kept > 0 ? "; the \(kept) bytes received are kept, and the same command goes on from there" : ""))
  }

  /// Requests what is missing from one mirror.
  ///
  /// - Returns: nil if the file is complete and correct, else the reason. A wrong file is emptied.
  private func attempt(_ file: FetchPlan.File, _ part: PartialFile, _ mirror: String) throws -> String? {
    let began = part.count
    // The last attempt may have ended just before the file got its name.
    if began > 0, try mismatch(part.url, file) == nil { return nil }
    do {
      try receive(file, part, mirror)
    } catch let error as Transfer.Failure {
      // Nothing is left to send: the partial file is too long, or of another file.
      if error == .status(416), began > 0 { return try again(file, part, mirror) }
      return try reason(error, file)
    } catch is TooLong {
      try part.clear()
      return began > 0
        ? try again(file, part, mirror) : "it sends more than the \(file.size) bytes that are published"
    }
    guard let mismatch = try mismatch(part.url, file) else { return nil }
    try part.clear()
    // The earlier part may have come from another file.
    return began > 0 ? try again(file, part, mirror) : mismatch
  }

  private func again(_ file: FetchPlan.File, _ part: PartialFile, _ mirror: String) throws -> String? {
    try part.clear()
    return try attempt(file, part, mirror)
  }

  private struct TooLong: Error {}

  private func receive(_ file: FetchPlan.File, _ part: PartialFile, _ mirror: String) throws {
    let offset = part.count
    listener(.began(file: file.name, mirror: mirror, offset: offset))
    var isFirst = true
    // Compressed differently, it has another size, but not twice as much.
    let limit = 2 * file.size
    try Transfer(url: "\(mirror)/\(file.name)", offset: offset, patience: patience).run { answer, bytes in
      // A server without range support sends the whole file.
      if isFirst, answer.start != offset { try part.clear() }
      isFirst = false
      guard answer.start == 0 || answer.start == offset, part.count + bytes.count <= limit else {
        throw TooLong()
      }
      try part.append(bytes)
      listener(.received(file: file.name, bytes: part.count, total: answer.count.map { $0 + answer.start }))
    }
  }

  private func reason(_ failure: Transfer.Failure, _ file: FetchPlan.File) throws -> String {
    switch failure {
    case .noLibrary(let text):
      let addresses = plan.files.map { "\(plan.mirrors[0])/\($0.name)" }.joined(separator: " ")
      throw FetchError(
        description:
          "downloads need libcurl, which cannot be loaded (\(text)): install it (on Debian and Ubuntu: sudo "
          + "apt-get install curl), or put these into \(folder.path) yourself: \(addresses)")
    case .status(404): return "the server has no such file (404)"
    case .status(let status): return "the server answers with status \(status)"
    case .slow(let seconds): return "the server was too slow to answer: next to nothing came for \(seconds) s"
    case .other(let text):
      return text.isEmpty ? "the connection failed" : text
    }
  }

  /// How a file differs from the published one; nil if it does not.
  private func mismatch(_ url: URL, _ file: FetchPlan.File) throws -> String? {
    do {
      let source: any ByteSource = try file.isOfContents ? openByteSource(url) : FileBytes(url)
      var fingerprint = Fingerprint()
      while case let bytes = try source.next(1 << 20), !bytes.isEmpty { fingerprint.update(bytes) }
      let found = fingerprint.hex
      if found == file.sha256 { return nil }
      let what = file.isOfContents ? "SHA-256 of its contents" : "SHA-256"
      return "not the published file: expected the \(what) \(file.sha256), found \(found)"
    } catch let error as DatasetError {
      return "not the published file: \(error.message)"
    }
  }
}
