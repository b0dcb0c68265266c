import Foundation

/// A page in the browser that shows the runs and searches of a folder while they train. It only reads.
package final class LivePage: Sendable {
  /// The address to open; with the token, if there is one.
  package let url: String
  /// The port it listens on.
  package let port: Int
  private let listener: HTTPListener

  /// Listens, and begins to answer.
  ///
  /// - Parameters:
  ///   - folder: the folder of runs.
  ///   - host: an address of this machine to listen on.
  ///   - port: from 0 to 65,535; 0 for a free one.
  ///   - token: what visitors need; nil: on loopback none, elsewhere a random one.
  ///   - limits: of what one visitor may take.
  /// - Throws: ``LivePageError``.
  package init(
    _ folder: URL, host: String = "127.0.0.1", port: Int = 0, token: String? = nil,
    limits: HTTPLimits = HTTPLimits()
  ) throws {
    let folder = try LiveFolder(folder)
    let address = try ListeningAddress(host)
    if let token { try Access.require(token) }
    let token = token ?? (address.isLoopback ? nil : Access.randomToken())
    let socket = try HTTPListener(address, port: port, limits: limits)
    let site = Site(
      folder: folder, access: Access(token: token, isLoopback: address.isLoopback, port: socket.port))
    listener = socket
    self.port = socket.port
    url = "http://\(address.urlHost):\(socket.port)/" + (token.map { "?token=\($0)" } ?? "")
    socket.start { site.answer($0) }
    // The first visitor of a large folder need not wait as long.
    Thread.detachNewThread { folder.readAll() }
  }

  /// Ends all connections, and gives the port back.
  package func stop() { listener.stop() }
}
