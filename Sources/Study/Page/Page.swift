import Foundation
import Storage

/// The page that every report is: its files, put together.
enum Page {
  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  private static let templates = [
    "figure": PackageResources.figure_html, "picture": PackageResources.picture_html,
    "table": PackageResources.table_html, "explorer": PackageResources.explorer_html,
  ].mapValues { Template(text($0)) }

  /// One script, so that the page's policy can name its hash.
  private static let script: String = {
    let files = [
      PackageResources.decoder_js, PackageResources.map_js, PackageResources.explorer_js,
      PackageResources.report_js,
    ]
    return "{\n" + files.map(text).joined(separator: "\n") + "}"
  }()

  /// The page as a file.
  ///
  /// - Parameter values: what `report.html` names, but for style and script.
  static func data(_ values: PageValues) -> Data {
    var values = values
    values["style"] = .text(text(PackageResources.report_css))
    values["script"] = .text(script)
    values["scriptHash"] = .text(sha256(script).base64EncodedString())
    return Data(Template(text(PackageResources.report_html)).text(values, templates: templates).utf8)
  }

  /// The 32 bytes of a text's SHA-256.
  private static func sha256(_ text: String) -> Data {
    let digits = Array(Fingerprint.hex(of: Data(text.utf8)))
    return Data(
      stride(from: 0, to: digits.count, by: 2).map { UInt8(String(digits[$0..<$0 + 2]), radix: 16)! })
  }
}
