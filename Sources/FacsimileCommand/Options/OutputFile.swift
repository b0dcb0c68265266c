import ArgumentParser
import Foundation
import Pictures
import Storage
import Training

/// A file that a command is to write: asked about before anything is computed, written as a whole or not at all.
struct OutputFile {
  /// What it is to hold, by its ending.
  enum Kind: String, CaseIterable {
    case png, svg, csv
  }

  /// Where.
  let url: URL
  /// What.
  let kind: Kind

  /// The file at `path`, which an option named.
  ///
  /// Throws: `UsageError` where it has none of these endings; `CommandFailure` where nothing can be written there.
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

  /// Looks whether a file can be written at `path`, before anything long begins.
  ///
  /// Throws: `UsageError` where the path is empty; `CommandFailure` where there is no folder or no right, something that is
  /// no file, or a file of a run.
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
      throw CommandFailure("cannot write \(path): it is \(error.found); give the name of a file")
    }
    // Trying is the only way to know: rights do not tell of a folder that is read-only for everyone.
    let probe = URL(systemPath: folder + "/.facsimile-\(UUID().uuidString).tmp")
    do {
      try AtomicFile.write(Data(), to: probe)
    } catch {
      throw CommandFailure("cannot write \(path): no file can be made in \(folder)")
    }
    try removeAll(probe)
    if RunFolder.isFile(ofARun: url), Files.exists(url) {
      throw CommandFailure("cannot write \(path): it belongs to the run in \(folder)")
    }
  }

  /// Writes a drawing as a picture or as SVG; `csv`: what the file holds where numbers are wanted.
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

/// How a drawing is to look.
struct DrawingOptions: ParsableArguments {
  @Flag(help: "Draw light on dark; for .png: .svg follows the reader's setting.")
  var dark = false

  /// The colours.
  var theme: Theme { dark ? .dark : .light }
}
