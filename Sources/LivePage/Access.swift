import Foundation

/// Who may read the page: on loopback, whoever addresses this machine by its own names; elsewhere, holders of the
/// token.
struct Access: Sendable {
  /// The secret; nil on loopback without one.
  let token: String?
  private let isLoopback: Bool
  /// Cookies belong to a host, whatever the port.
  private let cookie: String

  init(token: String?, isLoopback: Bool, port: Int) {
    (self.token, self.isLoopback, cookie) = (token, isLoopback, "facsimile-\(port)")
  }

  /// The verdict on a request.
  enum Verdict: Equatable {
    case allowed
    /// The token is in its address; it gets this cookie.
    case entering(cookie: String)
    case refused(HTTPFault)
  }

  /// Judges a request.
  func judge(_ request: HTTPRequest) -> Verdict {
    if isLoopback, !Self.isOwnName(request.headers["host"]) {
      // DNS rebinding: another site's name leads here, and the browser takes its scripts for this page's.
      return .refused(HTTPFault(403, "this page is at localhost, and nowhere else"))
    }
    guard let token else { return .allowed }
    if let given = request.query["token"], Self.isEqual(given, token) {
      return .entering(cookie: "\(cookie)=\(token); HttpOnly; SameSite=Strict; Path=/")
    }
    let cookies = (request.headers["cookie"] ?? "").split(separator: ";").map {
      $0.trimmingCharacters(in: .whitespaces)
    }
    for pair in cookies where pair.hasPrefix("\(cookie)=") {
      if Self.isEqual(String(pair.dropFirst(cookie.count + 1)), token) { return .allowed }
    }
    return .refused(
      HTTPFault(401, "this page needs its token: open the address that 'facsimile serve' has printed"))
  }

  private static func isOwnName(_ host: String?) -> Bool {
    guard let host = host?.lowercased() else { return false }
    return ["localhost", "127.0.0.1", "[::1]"].contains { name in
      host == name || host.hasPrefix(name + ":") && UInt16(host.dropFirst(name.count + 1)) != nil
    }
  }

  /// Takes a time that depends on the secret's length only.
  private static func isEqual(_ given: String, _ secret: String) -> Bool {
    let (given, secret) = (Array(given.utf8), Array(secret.utf8))
    var difference: UInt8 = given.count == secret.count ? 0 : 1
    for (index, byte) in secret.enumerated() {
      difference |= byte ^ (index < given.count ? given[index] : ~byte)
    }
    return difference == 0
  }

  /// 256 random bits.
  static func randomToken() -> String {
    var random = SystemRandomNumberGenerator()
    return (0..<32).map { _ in
      let byte = UInt8.random(in: 0...255, using: &random)
      return String(byte >> 4, radix: 16) + String(byte & 15, radix: 16)
    }.joined()
  }

  /// Throws: ``LivePageError`` for an unsuitable token: it must fit into an address and a cookie, and be hard to guess.
  static func require(_ token: String) throws {
    let isPlain = token.utf8.allSatisfy {
      (0x30...0x39).contains($0) || (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) || $0 == 0x2D
        || $0 == 0x5F
    }
    guard isPlain, (16...256).contains(token.utf8.count) else {
      throw LivePageError(
        .usage,
        "FACSIMILE_TOKEN: expected 16 to 256 letters, digits, '-' or '_' (without the variable one is drawn)")
    }
  }
}
