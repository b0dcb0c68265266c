import Foundation

/// A failed file operation: the action, the path and the system's reason.
public struct FileError: Error, Equatable, CustomStringConvertible {
  /// The action, as a verb: `open`, `write`, `rename`.
  public let action: String
  /// The file or folder it was tried on.
  public let path: String
  /// The system's error number.
  public let code: Int32

  /// Records a failed call.
  ///
  /// - Parameters:
  ///   - action: the action, as a verb.
  ///   - path: the file or folder.
  ///   - code: the system's error number, read directly after the call.
  package init(action: String, path: String, code: Int32) {
    self.action = action
    self.path = path
    self.code = code
  }

  /// One line: the action, the path, the system's text and number.
  public var description: String {
    "cannot \(action) \(path): \(String(cString: strerror(code))) (errno \(code))"
  }
}

/// Repeats a call while it is interrupted by a signal.
///
/// - Throws: `FileError` when the call returns −1 for any other reason.
@discardableResult
package func checkedCall<Result: SignedInteger>(
  _ action: String, _ path: String, _ call: () -> Result
) throws -> Result {
  while true {
    let result = call()
    if result != -1 { return result }
    let code = errno
    if code != EINTR { throw FileError(action: action, path: path, code: code) }
  }
}
