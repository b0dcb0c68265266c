import Foundation
import LivePage
import TestSupport
import Testing

/// Requests that no browser sends, and unauthorised visitors.
@Suite struct RequestTests {
  @Test("The page has a policy that allows no script, style or frame from elsewhere")
  func headers() throws {
    let served = try Served()
    for (target, type) in [
      ("/", "text/html; charset=utf-8"), ("/live.css", "text/css; charset=utf-8"),
      ("/live.js", "text/javascript; charset=utf-8"), ("/icon.svg", "image/svg+xml"),
      ("/api/runs", "application/json"),
    ] {
      let reply = try served.get(target)
      #expect(reply.status == 200 && reply.headers["content-type"] == type, "\(target)")
      let policy = try #require(reply.headers["content-security-policy"])
      for part in [
        "default-src 'none'", "script-src 'self'", "style-src 'self'", "frame-ancestors 'none'",
        "base-uri 'none'",
        "form-action 'none'",
      ] { #expect(policy.contains(part)) }
      #expect(!policy.contains("unsafe"))
      #expect(reply.headers["x-content-type-options"] == "nosniff")
      #expect(reply.headers["referrer-policy"] == "no-referrer")
      #expect(reply.headers["cross-origin-resource-policy"] == "same-origin")
      let head = try served.get(target, method: "HEAD")
      #expect(head.status == 200 && head.body.isEmpty)
      #expect(head.headers["content-length"] == "\(reply.body.count)", "\(target)")
    }
    let page = try served.get("/").text
    #expect(
      !page.contains("<style") && !page.contains("onload")
        && page.components(separatedBy: "<script").count == 2)
    let script = try served.get("/live.js").text
    for word in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
      #expect(!script.contains(word), "\(word)")
    }
  }

  @Test(
    "Malformed heads, other methods, bodies and other versions are refused",
    arguments: [
      ("POST / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
      ("TRACE / HTTP/1.1\r\nHost: localhost\r\n\r\n", 405),
      ("GET / HTTP/2.0\r\nHost: localhost\r\n\r\n", 505), ("GET /\r\nHost: localhost\r\n\r\n", 400),
      ("GET  / HTTP/1.1\r\nHost: localhost\r\n\r\n", 400), ("GET / HTTP/1.1\nHost: localhost\r\n\r\n", 400),
      ("GET http://localhost/ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
      ("GET / HTTP/1.1\r\n\r\n", 400), ("GET / HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", 400),
      ("GET / HTTP/1.1\r\nHost: localhost\r\n folded\r\n\r\n", 400),
      ("GET / HTTP/1.1\r\nHost : localhost\r\n\r\n", 400),
      ("GET /\u{0} HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
      ("GET / HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhello", 413),
      ("GET / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 413),
      ("GET /api/run?path=%00 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
      ("GET /api/run?path=%4 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
      ("GET /api/run?path=%+4 HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
      ("GET /api/run?path=a&path=b HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
      ("GET /nothing HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 404),
      ("GET // HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 404),
      ("GET /%2e%2e/ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 404),
      ("GET /../live.js HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n", 404),
    ])
  func malformed(_ request: String, _ status: Int) throws {
    let served = try Served()
    #expect(try served.send(Data(request.utf8))?.status == status, "\(request)")
    #expect(try served.get("/").status == 200)
  }

  @Test("A head that is too long, has too many lines, or never ends is refused")
  func limits() throws {
    var limits = HTTPLimits()
    (limits.head, limits.rest) = (0.5, 0.2)
    let served = try Served(limits: limits)
    let long = "GET / HTTP/1.1\r\nHost: localhost\r\nA: \(String(repeating: "a", count: 200_000))"
    // A connection closed with unread bytes may lose the answer.
    let reply = try served.send(Data(long.utf8))
    #expect(reply == nil || reply?.status == 431)
    let many = "GET / HTTP/1.1\r\nHost: localhost\r\n" + String(repeating: "A: b\r\n", count: 200) + "\r\n"
    #expect(try served.send(Data(many.utf8))?.status == 400)
    #expect(try served.send(Data("GET / HTTP/1.1\r\nHost:".utf8))?.status == 408)
    #expect(try served.get("/").status == 200)
  }

  @Test("More connections than are allowed are refused, and silent ones end by themselves")
  func connections() throws {
    var limits = HTTPLimits()
    (limits.idle, limits.connections) = (2, 4)
    let served = try Served(limits: limits)
    let request = Array("HEAD /icon.svg HTTP/1.1\r\nHost: localhost\r\n\r\n".utf8)
    let open = try (0..<4).map { _ in
      let socket = try served.connect()
      _ = send(socket, request, request.count, 0)
      // Once it has an answer, it holds its connection.
      var head = [UInt8](repeating: 0, count: 4096)
      #expect(recv(socket, &head, head.count, 0) > 0)
      return socket
    }
    let refused = try served.connect()
    #expect(Served.reply(Served.readAll(refused))?.status == 503)
    close(refused)
    for socket in open {
      _ = Served.readAll(socket)
      close(socket)
    }
    var reply: Served.Reply?
    for _ in 0..<100 where reply?.status != 200 {
      usleep(20_000)
      reply = try? served.get("/")
    }
    #expect(reply?.status == 200)
  }

  @Test("Several requests on one connection; the second may come with the first")
  func keptAlive() throws {
    let served = try Served()
    let request = "GET /icon.svg HTTP/1.1\r\nHost: localhost\r\n"
    let all = Data((request + "\r\n" + request + "Connection: close\r\n\r\n").utf8)
    let socket = try served.connect()
    defer { close(socket) }
    _ = all.withUnsafeBytes { send(socket, $0.baseAddress, $0.count, 0) }
    let text = String(decoding: Served.readAll(socket), as: UTF8.self)
    #expect(text.components(separatedBy: "HTTP/1.1 200 OK").count == 3)
  }

  @Test(
    "On loopback, a name that is none of this machine's own is refused",
    arguments: [
      ("localhost", 200), ("127.0.0.1:8585", 200), ("[::1]:80", 200), ("LOCALHOST:1", 200),
      ("evil.example", 403),
      ("localhost.evil.example", 403), ("127.0.0.1.evil.example:80", 403), ("localhost:evil", 403), ("", 403),
      ("evil.example:8585", 403),
    ])
  func hosts(_ host: String, _ status: Int) throws {
    let served = try Served()
    let request = "GET /api/runs HTTP/1.1\r\nHost: \(host)\r\nConnection: close\r\n\r\n"
    #expect(try served.send(Data(request.utf8))?.status == status)
  }

  @Test(
    "With a token: none without it; the address sets a cookie that scripts cannot read, and that opens everything"
  )
  func token() throws {
    let secret = "0123456789abcdefSECRET"
    let served = try Served(token: secret) { try Example.put("vae", in: $0) }
    #expect(served.page.url == "http://127.0.0.1:\(served.page.port)/?token=\(secret)")
    for target in [
      "/", "/live.js", "/api/runs", "/?token=", "/?token=0123", "/?token=\(secret)0", "/api/run?path=vae",
    ] {
      let reply = try served.get(target)
      #expect(reply.status == 401 && !reply.text.contains("vae"), "\(target)")
    }
    #expect(try served.get("/api/runs?token=\(secret)").status == 404)
    let entered = try served.get("/?token=\(secret)")
    #expect(entered.status == 200 && entered.text.contains("<html"))
    let cookie = try #require(entered.headers["set-cookie"])
    #expect(cookie.contains("HttpOnly") && cookie.contains("SameSite=Strict"))
    let pair = String(cookie.prefix { $0 != ";" })
    #expect(try served.get("/api/runs", ["Cookie: other=1; \(pair)"]).status == 200)
    #expect(try served.get("/api/runs", ["Cookie: \(pair)x"]).status == 401)
    #expect(try served.get("/api/runs", ["Cookie: \(pair.dropLast())"]).status == 401)
  }

  @Test("Beyond loopback a token is drawn, another each time")
  func elsewhere() throws {
    let (first, second) = (try Served(host: "0.0.0.0"), try Served(host: "0.0.0.0"))
    #expect(try first.get("/api/runs").status == 401)
    let tokens = [first, second].map { $0.page.url.components(separatedBy: "token=").last ?? "" }
    #expect(tokens[0] != tokens[1] && tokens.allSatisfy { $0.count == 64 })
    #expect(try first.get("/?token=\(tokens[0])").status == 200)
    #expect(try first.get("/?token=\(tokens[1])").status == 401)
  }

  @Test("Addresses, tokens, folders and ports that cannot be")
  func refused() throws {
    let place = try TemporaryFolder()
    let taken = try LivePage(place.url)
    defer { taken.stop() }
    for (host, port, token, words) in [
      ("no such host", 0, nil, "expected an address of this machine"),
      ("192.0.2.1", 0, nil, "no address of this machine"), ("127.0.0.1", taken.port, nil, "is in use"),
      ("127.0.0.1", 0, "short", "FACSIMILE_TOKEN"),
      ("127.0.0.1", 0, "a token with spaces", "FACSIMILE_TOKEN"),
    ] as [(String, Int, String?, String)] {
      let error = #expect(throws: LivePageError.self) {
        try LivePage(place.url, host: host, port: port, token: token)
      }
      #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    }
    #expect(throws: LivePageError.self) { try LivePage(place.file("nothing")) }
  }
}
