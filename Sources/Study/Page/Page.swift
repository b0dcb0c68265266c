import CEmbedded
import Foundation
import Storage

/// The HTML page of a report, assembled from its files.
enum Page {
  private static func file(_ name: String) -> String {
    guard let text = facsimile_page(name) else {
      fatalError("Sources/CEmbedded/page.c does not name \(name)")
    }
    return String(cString: text)
  }

  private static let templates = ["figure", "picture", "table", "explorer"].reduce(into: [:]) {
    $0[$1] = Template(file($1 + ".html"))
  }

  /// One script, so that the page's policy can name its hash.
  private static let script: String = {
    let files = ["decoder.js", "map.js", "explorer.js", "report.js"]
    return "{\n" + files.map(file).joined(separator: "\n") + "}"
  }()

  /// The page as a file.
  ///
  /// - Parameter values: the names in `report.html`, except style and script.
  static func data(_ values: PageValues) -> Data {
    var values = values
    values["style"] = .text(file("theme.css") + file("report.css"))
    values["script"] = .text(script)
    values["scriptHash"] = .text(sha256(script).base64EncodedString())
    return Data(Template(file("report.html")).text(values, templates: templates).utf8)
  }

  /// The 32 bytes of a text's SHA-256.
  private static func sha256(_ text: String) -> Data {
    let digits = Array(Fingerprint.hex(of: Data(text.utf8)))
    return Data(
      stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0..<$0 + 2]), radix: 16)! })
  }
}
