import CEmbedded
import Foundation
import Pictures
import Storage

/// The routes of the page.
struct Site: Sendable {
  let folder: LiveFolder
  let access: Access

  /// Answers a request.
  func answer(_ request: HTTPRequest) -> HTTPResponse {
    var response: HTTPResponse
    switch access.judge(request) {
    case .refused(let fault): response = HTTPResponse(fault)
    case .allowed: response = route(request)
    case .entering(let cookie):
      // Only at the page's own address: a token in others would end up in histories.
      response = request.path == "/" ? route(request) : HTTPResponse(HTTPFault(404, "no such page"))
      response.headers.append(("Set-Cookie", cookie))
    }
    if !response.headers.contains(where: { $0.name == "Content-Security-Policy" }) {
      response.headers.append(("Content-Security-Policy", Self.policy))
    }
    response.headers += Self.headers
    return response
  }

  /// What the page may do: load nothing from elsewhere, and take no script, style or form from data.
  static let policy =
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    + "form-action 'none'; frame-ancestors 'none'"
  /// A report has its own scripts: they run with an opaque origin, and reach nothing.
  static let reportPolicy =
    "sandbox allow-scripts allow-downloads; default-src 'none'; img-src data:; style-src 'unsafe-inline'; "
    + "script-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
  /// A picture can do nothing, whatever the file contains.
  static let picturePolicy = "sandbox; default-src 'none'; style-src 'unsafe-inline'"

  private static let headers: [(name: String, value: String)] = [
    ("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"),
    ("Cross-Origin-Resource-Policy", "same-origin"), ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cache-Control", "no-store"),
  ]

  private static let styles = file("theme.css") + palette + file("live.css")

  private static let files: [String: (type: String, text: String)] = [
    "/": ("text/html; charset=utf-8", file("live.html")),
    "/live.css": ("text/css; charset=utf-8", styles),
    "/live.js": (
      "text/javascript; charset=utf-8",
      ["live-chart.js", "live-table.js", "live-run.js", "live-search.js", "live.js"].map(file).joined()
    ),
    "/icon.svg": ("image/svg+xml", file("icon.svg")),
  ]

  private static func file(_ name: String) -> String {
    guard let text = facsimile_page(name) else {
      fatalError("Sources/CEmbedded/page.c does not name \(name)")
    }
    return String(cString: text)
  }

  /// The colours of lines, as in reports.
  private static var palette: String {
    func rules(_ theme: Theme) -> String {
      let series = (0..<Paint.seriesCount).map { "--series-\($0): \(theme.colour(.series($0)).hex);" }
      let others = [("axis", Paint.axis), ("grid", .grid)].map { "--\($0): \(theme.colour($1).hex);" }
      let levels = (0..<Paint.levels).map { "--level-\($0): \(theme.colour(.level($0)).hex);" }
      return ":root { \((series + others + levels).joined(separator: " ")) }\n"
    }
    return rules(.light) + "@media (prefers-color-scheme: dark) { \(rules(.dark)) }\n"
  }

  private func route(_ request: HTTPRequest) -> HTTPResponse {
    if let file = Self.files[request.path] { return HTTPResponse(file.type, .data(Data(file.text.utf8))) }
    let path = request.query["path"]
    do {
      switch request.path {
      case "/api/runs": return json(try folder.listing(), request)
      case "/api/run": return json(try path.flatMap { try folder.run($0) }, request)
      case "/api/search": return json(try path.flatMap { try folder.search($0) }, request)
      case "/picture":
        let epoch = request.query["epoch"].flatMap { Int($0) }
        return file(
          path.flatMap { path in epoch.flatMap { folder.picture(path, epoch: $0) } }, "image/png",
          Self.picturePolicy)
      case "/report":
        return file(path.flatMap(folder.report), "text/html; charset=utf-8", Self.reportPolicy)
      default: return HTTPResponse(HTTPFault(404, "no such page"))
      }
    } catch {
      return HTTPResponse(HTTPFault(500, "\(error)"))
    }
  }

  private func json(_ answer: LiveFolder.Answer?, _ request: HTTPRequest) -> HTTPResponse {
    guard let answer else {
      return HTTPResponse(
        status: 404, "application/json", .data(Data(#"{"error":"it is not there, or no longer"}"#.utf8)))
    }
    var response = HTTPResponse("application/json", .data(answer.json))
    response.headers.append(("ETag", answer.tag))
    if request.headers["if-none-match"] == answer.tag {
      response.status = 304
      response.body = .data(Data())
    }
    return response
  }

  private func file(_ file: OpenFile?, _ type: String, _ policy: String) -> HTTPResponse {
    guard let file else { return HTTPResponse(HTTPFault(404, "it is not there, or no longer")) }
    var response = HTTPResponse(type, .file(file))
    response.headers.append(("Content-Security-Policy", policy))
    return response
  }
}
