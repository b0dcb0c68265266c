import Foundation
import Pictures

/// A picture in a report.
package struct Illustration: Codable, Sendable, Equatable {
  /// How it is scaled.
  package enum Fit: String, Codable, Sendable {
    /// Without interpolation.
    case pixels
    /// As it is.
    case plain
  }

  /// The file.
  let data: Data
  /// `image/png` or `image/svg+xml`.
  let type: String
  /// Displayed width in pixels.
  let width: Int
  /// Displayed height in pixels.
  let height: Int
  /// Alternative text.
  let alt: String
  let fit: Fit

  /// A picture as PNG, shown at `scale` times its size.
  ///
  /// - Throws: `PNGError` if it is too large.
  init(_ picture: Picture, alt: String, scale: Double = 1) throws {
    data = try picture.pngData()
    type = "image/png"
    width = Int((Double(picture.width) * scale).rounded())
    height = Int((Double(picture.height) * scale).rounded())
    self.alt = alt
    fit = .pixels
  }

  /// A drawing as SVG, whose description says what it shows.
  init(_ drawing: Drawing) {
    data = Data(drawing.svg().utf8)
    type = "image/svg+xml"
    (width, height, alt, fit) = (drawing.width, drawing.height, drawing.description, .plain)
  }

  var values: PageValues {
    [
      "type": .text(type), "base64": .text(data.base64EncodedString()), "width": "\(width)",
      "height": "\(height)", "alt": .text(alt), "fit": .text(fit.rawValue),
    ]
  }
}

/// How to reproduce a figure.
package struct Source: Codable, Sendable, Equatable {
  /// A shell command.
  let command: String
  /// Its random seed.
  let seed: UInt64
  /// What the hash is of: `state`, `table`.
  let what: String
  /// SHA-256.
  let hash: String

  var values: PageValues {
    ["command": .text(command), "seed": "\(seed)", "what": .text("\(what) SHA-256"), "hash": .text(hash)]
  }
}

/// A figure of a report: a picture or a table, with caption and provenance.
package struct Figure: Codable, Sendable, Equatable {
  /// Its name in links and files.
  var id: String
  /// A few words.
  var title: String
  /// What it shows.
  var caption: String
  /// Further classes for the style: `strip`, `square`, `stand-in`.
  var kind = ""
  var picture: Illustration?
  var table: Table?
  /// How to reproduce it.
  var sources: [Source] = []
  /// Its data as CSV.
  var csv: String?

  private static let mostBeside = 800

  var values: PageValues {
    // The caption is placed beside narrow pictures.
    let isBeside = (picture?.width ?? .max) <= Self.mostBeside
    var values: PageValues = [
      "id": .text(id), "title": .text(title), "caption": .text(caption),
      "kind": .text(kind + (isBeside ? " beside" : "")),
      "sources": .list(sources.map(\.values)), "picture": .list(picture.map { [$0.values] } ?? []),
      "table": .list(table.map { [$0.values] } ?? []), "csv": .list([]),
    ]
    if let csv {
      values["csv"] = .list([["name": .text(id), "base64": .text(Data(csv.utf8).base64EncodedString())]])
    }
    return values
  }
}

/// A table of a report.
package struct Table: Codable, Sendable, Equatable {
  /// A cell: text, a smaller note, and a mark.
  struct Cell: Codable, Sendable, Equatable {
    var text: String
    var small: String?
    /// `met` or `short`, with what it says.
    var mark: [String]?
  }

  /// A row, and its class for the style.
  struct Row: Codable, Sendable, Equatable {
    var cells: [Cell]
    var kind = ""
  }

  /// Alternative text.
  var label: String
  /// Class for the style: `sortable`, or none.
  var kind = ""
  var heads: [String]
  /// Columns of numbers, from 0.
  var numbers: Set<Int>
  var rows: [Row]

  /// Rows of plain cells.
  init(_ label: String, kind: String = "", heads: [String], numbers: Set<Int>, rows: [[String]]) {
    self.init(
      label, kind: kind, heads: heads, numbers: numbers,
      rows: rows.map { Row(cells: $0.map { Cell(text: $0) }) })
  }

  init(_ label: String, kind: String = "", heads: [String], numbers: Set<Int>, rows: [Row]) {
    (self.label, self.kind, self.heads, self.numbers, self.rows) = (label, kind, heads, numbers, rows)
  }

  /// The table as CSV.
  var csv: String { CSV.text([heads] + rows.map { $0.cells.map(\.text) }) }

  private func number(_ column: Int) -> PageValue { .text(numbers.contains(column) ? "yes" : "") }

  var values: PageValues {
    [
      "label": .text(label), "kind": .text(kind),
      "heads": .list(heads.enumerated().map { ["text": .text($1), "isNumber": number($0)] }),
      "rows": .list(
        rows.map { row in
          [
            "class": .text(row.kind),
            "cells": .list(row.cells.enumerated().map { values($1, column: $0) }),
          ]
        }),
    ]
  }

  private func values(_ cell: Cell, column: Int) -> PageValues {
    [
      "text": .text(cell.text), "isNumber": number(column),
      "small": .list(cell.small.map { [["text": .text($0)]] } ?? []),
      "mark": .list(cell.mark.map { [["class": .text($0[0]), "text": .text($0[1])]] } ?? []),
    ]
  }
}

/// Comma-separated values (RFC 4180, but lines end as on Unix).
package enum CSV {
  /// Rows as lines; values with commas, quotes or line breaks are quoted.
  package static func text(_ rows: [[String]]) -> String {
    rows.map { $0.map(quoted).joined(separator: ",") + "\n" }.joined()
  }

  private static func quoted(_ value: String) -> String {
    value.contains { $0 == "," || $0 == "\"" || $0.isNewline }
      ? "\"" + value.replacing("\"", with: "\"\"") + "\"" : value
  }
}
