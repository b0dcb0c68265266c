import Dispatch
import Programs

/// Reads the batches of an epoch on its own thread, some steps ahead of the device.
final class BatchReader {
  private let images: any ImageSource
  private let imageBytes: Int
  private let batches: [ArraySlice<UInt32>]
  private let queue = DispatchQueue(label: "facsimile.batches")
  private var staged: [Staged]
  /// Steps that are being or have been read.
  private var steps = 0..<0

  /// A reader of `batches`, `ahead` steps ahead.
  init(_ images: any ImageSource, imageBytes: Int, _ batches: [ArraySlice<UInt32>], ahead: Int) {
    self.images = images
    self.imageBytes = imageBytes
    self.batches = batches
    let largest = batches.map(\.count).max() ?? 0
    staged = (0..<ahead).map { _ in Staged(byteCount: largest * imageBytes) }
  }

  /// Copies the batch of `step`, and starts reading the one that now has room.
  ///
  /// - Throws: what the source throws.
  func take(_ step: Int, _ body: (UnsafeRawBufferPointer) throws -> Void) throws {
    if !steps.contains(step) { restart(at: step) }
    let slot = staged[step % staged.count]
    try slot.wait()
    try body(UnsafeRawBufferPointer(rebasing: slot.bytes[..<(batches[step].count * imageBytes)]))
    steps = step + 1..<steps.upperBound
    fill()
  }

  /// Reads in progress are abandoned: they write to memory that is never read.
  private func restart(at step: Int) {
    staged = staged.map { Staged(byteCount: $0.bytes.count) }
    steps = step..<step
    fill()
  }

  private func fill() {
    while steps.upperBound < min(steps.lowerBound + staged.count, batches.count) {
      let step = steps.upperBound
      staged[step % staged.count].begin(batches[step], of: images, imageBytes, on: queue)
      steps = steps.lowerBound..<step + 1
    }
  }
}

/// Memory for a batch. Reader and queue take turns: from `begin` until `wait` returns it belongs to the queue.
private final class Staged: @unchecked Sendable {
  let bytes: UnsafeMutableRawBufferPointer
  private let isRead = DispatchSemaphore(value: 0)
  private var result: Result<Void, any Error> = .success(())

  init(byteCount: Int) { bytes = .allocate(byteCount: byteCount, alignment: 64) }

  deinit { bytes.deallocate() }

  func begin(
    _ batch: ArraySlice<UInt32>, of images: any ImageSource, _ size: Int, on queue: DispatchQueue
  ) {
    queue.async { [self] in
      result = Result {
        try images.read(batch, into: UnsafeMutableRawBufferPointer(rebasing: bytes[..<(batch.count * size)]))
      }
      isRead.signal()
    }
  }

  /// Waits for the read to finish.
  func wait() throws {
    isRead.wait()
    try result.get()
  }
}
