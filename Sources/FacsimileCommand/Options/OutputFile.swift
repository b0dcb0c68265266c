import ArgumentParser
import Foundation
import Pictures
import Storage
import Training

/// An output file: checked before anything is computed, written atomically.
struct OutputFile {
  /// The format, by file extension.
  enum Kind: String, CaseIterable {
    case png, svg, csv
  }

  let url: URL
  let kind: Kind

  /// The file at `path`, given by `option`.
  ///
  /// Throws: `UsageError` if it has none of these extensions; `CommandFailure` if it cannot be written.
  init(_ path: String, option: String = "--out", kinds: [Kind] = Kind.allCases) throws {
    let ending = URL(systemPath: path).pathExtension.lowercased()
    guard let kind = kinds.first(where: { $0.rawValue == ending }) else {
      let names = kinds.map { ".\($0.rawValue)" }
      let list = names.count == 1 ? names[0] : names.dropLast().joined(separator: ", ") + " or " + names.last!
      throw UsageError("\(option) is '\(path)': expected a \(list) file")
    }
    self.kind = kind
    url = URL(systemPath: path)
    try Self.requirePlace(path, option: option)
  }

  /// Checks that a file can be written at `path`, before any long computation.
  ///
  /// Throws: `UsageError` if the path is empty; `CommandFailure` if the folder is missing or not writable, or the path is
  /// not a plain file or belongs to a run.
  static func requirePlace(_ path: String, option: String = "--out") throws {
    guard !path.isEmpty else { throw UsageError("\(option) is empty: expected the name of a file") }
    let url = URL(systemPath: path)
    let folder = url.deletingLastPathComponent().path
    guard Files.isFolder(folder) else {
      throw CommandFailure("cannot write \(path): there is no folder \(folder)")
    }
    do {
      try AtomicFile.requireReplaceable(url.path)
    } catch let error as NotAFile {
      throw CommandFailure("cannot write \(path): it is \(error.found); expected a file name")
    }
    // Only an attempt tells: permissions do not show a read-only file system.
    let probe = URL(systemPath: folder + "/.facsimile-\(UUID().uuidString).tmp")
    do {
      try AtomicFile.write(Data(), to: probe)
    } catch {
      throw CommandFailure("cannot write \(path): cannot create a file in \(folder)")
    }
    try removeAll(probe)
    if RunFolder.isFile(ofARun: url), Files.exists(url) {
      throw CommandFailure("cannot write \(path): it belongs to the run in \(folder)")
    }
  }

  /// Writes a drawing as PNG or SVG, or `csv` to a .csv file.
  ///
  /// Throws: `PNGError`, `FileError`.
  func write(_ drawing: Drawing, theme: Theme = .light, csv: @autoclosure () -> String = "") throws {
    switch kind {
    case .png: try drawing.picture(theme: theme).write(to: url)
    case .svg: try AtomicFile.write(Data(drawing.svg().utf8), to: url)
    case .csv: try AtomicFile.write(Data(csv().utf8), to: url)
    }
  }
}

/// The appearance of a drawing.
struct DrawingOptions: ParsableArguments {
  @Flag(help: "Draw light on dark (.png only; .svg follows the viewer's theme).")
  var dark = false

  var theme: Theme { dark ? .dark : .light }
}
