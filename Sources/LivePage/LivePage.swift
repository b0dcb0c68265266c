import Foundation

/// A page in the browser that shows the runs and searches of a folder while they train. It only reads.
package final class LivePage: Sendable {
  /// The address to open; with the token, if there is one.
  package let url: String
  /// The port it listens on.
  package let port: Int
  private let listener: HTTPListener

  /// Starts listening and answering.
  ///
  /// - Parameters:
  ///   - folder: the folder of runs.
  ///   - host: an address of this machine to listen on.
  ///   - port: from 0 to 65,535; 0 for a free one.
  ///   - token: the token that visitors need; nil: on loopback none, elsewhere a random one.
  ///   - limits: limits for one visitor.
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
    // So that the first visitor of a large folder waits less.
    Thread.detachNewThread { folder.readAll() }
  }

  /// Ends all connections, and closes the port.
  package func stop() { listener.stop() }
}
