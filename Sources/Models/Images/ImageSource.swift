/// Images on the host; the device gets all of them or a window.
package protocol ImageSource: Sendable {
  /// Number of images.
  var count: Int { get }
  /// Copies whole images, one after another, one byte per value in the order (channel, y, x).
  ///
  /// - Throws: an error that names the file, if it cannot be read.
  func read(_ images: ArraySlice<UInt32>, into bytes: UnsafeMutableRawBufferPointer) throws
}
