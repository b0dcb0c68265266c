import Foundation
import Storage
import Training

/// The files of a study: `study.json` identifies it, `steps` has the results, `runs` the run folders.
package final class StudyFolder {
  /// The folder.
  package let url: URL
  private let lock: FolderLock

  /// Creates the folder, or opens an existing study.
  ///
  /// - Throws: `StudyError` if it holds something else, or another study; `FolderInUse`, `FileError`.
  init(_ url: URL, _ identity: StudyIdentity) throws {
    self.url = url
    try makeFolder(url)
    let identityFile = url.appendingPathComponent("study.json")
    let isBegun = Files.exists(identityFile)
    // A lock file alone is left by a study that was killed while starting.
    let others = try Files.names(in: url)
      .filter { $0 != FolderLock.name && !TemporaryFile.isOne($0) }
    guard isBegun || others.isEmpty else {
      throw StudyError("\(url.path) is not empty and holds no study: choose another folder (--out)")
    }
    lock = try FolderLock(folder: url)
    if isBegun {
      guard let data = try? readFile(identityFile, upTo: 1 << 20),
        let found = try? JSONDecoder().decode(StudyIdentity.self, from: data)
      else { throw StudyError("\(identityFile.path) is damaged: choose another folder (--out)") }
      if let difference = identity.difference(to: found) {
        throw StudyError("\(url.path) holds a study begun \(difference): choose another folder (--out)")
      }
    }
    if !isBegun { try Self.write(identity, to: identityFile) }
    for name in ["steps", "runs"] { try makeFolder(url.appendingPathComponent(name)) }
  }

  /// `runs/NAME`: a run folder like any other.
  package func run(_ name: String) -> URL { url.appendingPathComponent("runs/\(name)") }
  /// `search.sqlite`.
  var searchFile: URL { url.appendingPathComponent("search.sqlite") }
  /// `report.html`.
  package var reportFile: URL { url.appendingPathComponent("report.html") }
  /// `report-timings.json`: everything that depends on the machine.
  package var timingsFile: URL { url.appendingPathComponent("report-timings.json") }
  private func resultFile(_ step: String) -> URL { url.appendingPathComponent("steps/\(step).json") }
  private func tensorsFile(_ step: String) -> URL { url.appendingPathComponent("steps/\(step).safetensors") }

  /// Whether a step is completed.
  func isDone(_ step: String) -> Bool { Files.exists(resultFile(step)) }

  /// The result of a step.
  ///
  /// - Throws: `StudyError` if the file is damaged.
  func result(_ step: String) throws -> StepResult {
    let file = resultFile(step)
    let decoder = JSONDecoder()
    decoder.nonConformingFloatDecodingStrategy = .convertFromString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    guard let data = try? readFile(file, upTo: 1 << 28),
      var result = try? decoder.decode(StepResult.self, from: data),
      SealedText.isWhole(data, result.sha256)
    else { throw Self.damaged(file) }
    result.sha256 = nil
    return result
  }

  private static func damaged(_ file: URL) -> StudyError {
    StudyError("\(file.path) is damaged: remove it, and the same command makes it again")
  }

  /// The tensors saved by a step.
  ///
  /// - Throws: `StudyError` if the file is damaged; `SafeTensorsError`, `FileError`.
  func tensors(_ step: String) throws -> SafeTensors {
    let tensors = try SafeTensors(contentsOf: tensorsFile(step))
    // The result file marks the step as completed.
    guard tensors.sealing == .whole else {
      throw StudyError(
        "\(tensorsFile(step).path) is damaged: remove \(resultFile(step).path), and the same command makes both again"
      )
    }
    return tensors
  }

  /// Saves the result of a step; the result file last, since it marks the step as completed.
  ///
  /// - Throws: `FileError`.
  func keep(_ result: StepResult, _ tensors: SafeTensors?, of step: String) throws {
    if var tensors {
      tensors.seal()
      try tensors.write(to: tensorsFile(step))
    }
    var result = result
    result.sha256 = SealedText.blank
    try AtomicFile.write(SealedText.seal(Self.encoded(result)), to: resultFile(step))
  }

  /// Writes a value as JSON whose bytes depend on the value alone.
  static func write(_ value: some Encodable, to url: URL) throws {
    try AtomicFile.write(encoded(value), to: url)
  }

  private static func encoded(_ value: some Encodable) throws -> Data {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    encoder.nonConformingFloatEncodingStrategy = .convertToString(
      positiveInfinity: "inf", negativeInfinity: "-inf", nan: "nan")
    return try encoder.encode(value) + Data("\n".utf8)
  }
}
