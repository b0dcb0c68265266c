import Foundation
import Models
import Numerics
import Storage
import Synchronization

/// A run's trace, `RUN/trace`: the hashes of every tensor after traced steps, which form a Merkle tree.
///
/// The file is a header and, for every traced step, the tensors' hashes. The tensors of a step form a tree, and the
/// steps another, whose root is in the manifest. A part that two runs share has the same hashes in both.
package struct Trace: Sendable {
  /// Steps and tensors.
  package let plan: TracePlan
  /// Number of steps that the manifest covers.
  package let count: Int
  /// Hashes of all complete steps in the file.
  private let records: Data
  let heldCount: Int

  /// Reads a file.
  ///
  /// - Throws: `TrainingError`, `FileError`, `NotAFile`, `FileTooLarge`.
  fileprivate init(contentsOf url: URL, _ plan: TracePlan, of manifest: Manifest) throws {
    func damaged(_ fact: String) -> TrainingError {
      TrainingError(.run, "\(url.path) \(fact): restore it, or delete it and resume the run without a trace")
    }
    let (header, most) = (plan.header, plan.header.count + plan.mostCount * plan.recordBytes)
    let contents = try readFile(url, upTo: most)
    guard contents.starts(with: header) else { throw damaged("does not begin as the trace of this run") }
    self.plan = plan
    records = Data(contents.dropFirst(header.count))
    heldCount = records.count / plan.recordBytes
    guard let count = manifest.traceSteps, count >= 0, heldCount >= count else {
      throw damaged("holds \(counted(heldCount, "step")), and manifest.json has \(manifest.traceSteps ?? -1)")
    }
    self.count = count
    // The trace of a run that is training, was killed or failed is ahead of its manifest.
    guard
      records.count == count * plan.recordBytes || manifest.state == .running || manifest.state == .failed
    else { throw damaged("holds more than the \(counted(count, "step")) of manifest.json") }
    guard Fingerprint.text(tree(count).root) == manifest.traceSHA256 else {
      throw damaged("has another root than manifest.json (trace_sha256)")
    }
  }

  /// The traced step at `index`.
  package func step(_ index: Int) -> TracedStep {
    let (epoch, step) = plan.place(index)
    let start = records.startIndex + index * plan.recordBytes
    return TracedStep(
      epoch: epoch, step: step,
      tensors: plan.tensors.indices.map { Array(records[start + 32 * $0..<start + 32 * ($0 + 1)]) })
  }

  /// The tree over the first `count` steps.
  package func tree(_ count: Int) -> MerkleTree { MerkleTree((0..<count).map { step($0).sha256 }) }
}

extension RunFolder {
  /// The trace of a run; nil if it has none.
  ///
  /// - Throws: `TrainingError` if it is damaged or not the manifest's; `FileError`, `NotAFile`, `FileTooLarge`.
  package func trace(of manifest: Manifest) throws -> Trace? {
    guard let plan = try TracePlan(manifest) else {
      guard !Files.isTaken(traceFile.path) else {
        throw TrainingError(.run, "\(traceFile.path) is not this run's: manifest.json knows of no trace")
      }
      return nil
    }
    guard Files.isTaken(traceFile.path) else {
      throw TrainingError(.run, "\(traceFile.path) is missing: resume the run to go on without a trace")
    }
    return try Trace(contentsOf: traceFile, plan, of: manifest)
  }
}

/// A run's trace, being written.
final class TraceFile: Sendable {
  private let path: String
  private let descriptor: Int32
  private let start: Int
  private let peaks: Mutex<MerklePeaks>

  /// Creates the file.
  ///
  /// - Throws: `FileError`, `NotAFile`.
  init(creating url: URL, _ plan: TracePlan) throws {
    try AtomicFile.write(Data(plan.header), to: url)
    (path, start) = (url.path, plan.header.count)
    peaks = Mutex(MerklePeaks())
    descriptor = try Self.open(path)
  }

  /// Opens the file to continue after its first `count` steps; nothing is changed before ``truncate(_:)``.
  ///
  /// - Throws: `TrainingError` if it holds fewer; `FileError`.
  init(resuming url: URL, _ trace: Trace, count: Int) throws {
    guard trace.heldCount >= count else {
      throw TrainingError(
        .run,
        "\(url.path) holds \(counted(trace.heldCount, "step")), and the checkpoint comes after \(count): restore it, or delete it "
          + "and resume the run without a trace")
    }
    var known = MerklePeaks()
    for leaf in trace.tree(count).leaves { known.append(leaf) }
    (path, start) = (url.path, trace.plan.header.count)
    peaks = Mutex(known)
    descriptor = try Self.open(path)
  }

  deinit { close(descriptor) }

  private static func open(_ path: String) throws -> Int32 {
    try checkedCall("open", path) {
      path.withSystemPath { Foundation.open($0, O_WRONLY | O_CLOEXEC | O_NOFOLLOW) }
    }
  }

  /// Number of steps and the root over them, as in the manifest.
  var summary: (Int, String) { peaks.withLock { ($0.count, Fingerprint.text($0.root)) } }

  /// Removes steps after the checkpoint.
  ///
  /// - Throws: `FileError`.
  func truncate(_ plan: TracePlan) throws {
    let size = start + summary.0 * plan.recordBytes
    try checkedCall("truncate", path) { ftruncate(descriptor, off_t(size)) }
  }

  /// Appends a step.
  ///
  /// - Throws: `FileError`.
  func append(_ step: TracedStep) throws {
    let bytes = step.tensors.flatMap { $0 }
    let place = off_t(start + summary.0 * bytes.count)
    var written = 0
    while written < bytes.count {
      written += try checkedCall("write", path) {
        bytes.withUnsafeBytes {
          pwrite(descriptor, $0.baseAddress! + written, bytes.count - written, place + off_t(written))
        }
      }
    }
    peaks.withLock { $0.append(step.sha256) }
  }

  /// Waits until the file is on the disk.
  ///
  /// - Throws: `FileError`.
  func flush() throws { try checkedCall("flush", path) { fsync(descriptor) } }
}
