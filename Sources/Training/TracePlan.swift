import Models
import Storage

/// Which steps of a training are traced.
public enum TraceInterval: Sendable, Hashable {
  /// Chosen from the model's size and the batch, so that hashing takes at most a few percent of training time.
  case automatic
  /// Every N-th step of an epoch, N from 1 to ``most``, and its last.
  case every(Int)

  /// The longest interval.
  public static let most = 1_000_000

  /// The interval in steps. It depends on model and batch only, so the trace is the same on every device.
  ///
  /// - Throws: `ProgramError` if the layers do not fit together.
  func steps(for configuration: Configuration) throws -> Int {
    switch self {
    case .every(let steps): return steps
    case .automatic:
      let values = try ParameterTable(configuration.architecture).valueCount
      let bytes = 4 * values * (1 + configuration.optimizer.stateNames.count)
      let steps = max(1, bytes / (Self.bytesPerImage * configuration.batchSize))
      return min(1 << (Int.bitWidth - (steps - 1).leadingZeroBitCount), Self.most)
    }
  }

  /// Maximum number of bytes hashed per training image.
  private static let bytesPerImage = 512
}

/// What a run's trace consists of: which steps, and which tensors.
package struct TracePlan: Sendable, Equatable {
  /// Steps that are multiples of this within an epoch are traced, and the epoch's last.
  package let interval: Int
  /// Steps of an epoch.
  package let stepsPerEpoch: Int
  /// Traced steps of an epoch.
  package var tracedPerEpoch: Int { (stepsPerEpoch + interval - 1) / interval }
  /// Names of all parameters and of the optimizer's state, in state order.
  package let tensors: [String]
  let optimizer: Optimizer
  let table: ParameterTable
  private let epochs: Int

  /// The plan of a run's trace; nil for a run without one.
  ///
  /// - Throws: `TrainingError` if the manifest holds only a part of it; `ProgramError` if the layers do not fit together.
  package init?(_ manifest: Manifest) throws {
    guard let interval = manifest.traceInterval else { return nil }
    let configuration = manifest.configuration
    self.interval = interval
    stepsPerEpoch = (manifest.dataset.trainImages + configuration.batchSize - 1) / configuration.batchSize
    optimizer = configuration.optimizer
    table = try ParameterTable(configuration.architecture)
    tensors = table.stateNames(optimizer)
    epochs = configuration.totalEpochs
    guard 1...TraceInterval.most ~= interval, stepsPerEpoch > 0, epochs >= manifest.epochs.count else {
      throw TrainingError(.run, "trace_interval is \(interval): expected 1 to \(TraceInterval.most)")
    }
  }

  /// Whether the state after `step` steps of an epoch is traced.
  func isTraced(_ step: Int) -> Bool { step.isMultiple(of: interval) || step == stepsPerEpoch }

  /// Number of traced steps in `epochs` whole epochs and `step` more steps.
  package func count(epochs: Int, step: Int = 0) -> Int { epochs * tracedPerEpoch + step / interval }

  /// The place of a traced step, the inverse of ``place(_:)``.
  package func index(epoch: Int, step: Int) -> Int {
    (epoch - 1) * tracedPerEpoch + (step + interval - 1) / interval - 1
  }

  /// Epoch and step, both from 1, of the traced step at `index`.
  package func place(_ index: Int) -> (epoch: Int, step: Int) {
    let (epoch, step) = index.quotientAndRemainder(dividingBy: tracedPerEpoch)
    return (epoch + 1, min((step + 1) * interval, stepsPerEpoch))
  }

  /// Steps of the epoch up to the traced step at `index`, after the one before: at most as many as the interval.
  package func steps(_ index: Int) -> ClosedRange<Int> {
    let last = place(index).step
    return index % tracedPerEpoch * interval + 1...last
  }

  /// `epoch 2, step 7`, or `epoch 2, steps 5 to 8`: the steps that the traced step at `index` covers.
  package func title(_ index: Int) -> String {
    let (epoch, steps) = (place(index).epoch, steps(index))
    return "epoch \(epoch), "
      + (steps.count == 1 ? "step \(steps.lowerBound)" : "steps \(steps.lowerBound) to \(steps.upperBound)")
  }

  /// Whether two traces hold the same steps and tensors.
  package func isComparable(with other: TracePlan) -> Bool {
    header == other.header && tensors == other.tensors
  }

  /// Number of traced steps in the whole training.
  var mostCount: Int { count(epochs: epochs) }
  /// Bytes that a step takes in the file.
  var recordBytes: Int { 32 * tensors.count }
  /// The header of the file: its format, the interval, the steps of an epoch, the number of tensors, and zero; numbers
  /// are little-endian 32-bit words.
  var header: [UInt8] {
    Array("facsimile-trace1".utf8) + [interval, stepsPerEpoch, tensors.count, 0].flatMap { Self.word($0) }
  }

  static func word(_ value: Int) -> [UInt8] { withUnsafeBytes(of: UInt32(value).littleEndian, Array.init) }
}

/// The hashes of all tensors after one step.
package struct TracedStep: Sendable, Equatable {
  /// From 1.
  package let epoch: Int
  /// Completed steps of the epoch.
  package let step: Int
  /// SHA-256 of the byte 0, a tensor's name, the byte 0, and its little-endian values, in state order.
  package let tensors: [[UInt8]]

  /// A step's hashes.
  package init(epoch: Int, step: Int, tensors: [[UInt8]]) {
    (self.epoch, self.step, self.tensors) = (epoch, step, tensors)
  }

  /// The hashes of a state.
  package init(epoch: Int, step: Int, _ state: ModelState) {
    self.init(epoch: epoch, step: step, tensors: (state.parameters + state.optimizer).map(Self.hash))
  }

  /// The hash of one tensor.
  package static func hash(_ tensor: ModelState.Tensor) -> [UInt8] {
    var fingerprint = Fingerprint()
    fingerprint.update([0] + Array(tensor.name.utf8) + [0])
    tensor.values.withUnsafeBytes { fingerprint.update($0) }
    return fingerprint.bytes
  }

  /// The step's leaf in the trace: SHA-256 of the byte 2, epoch and step as little-endian 32-bit words, and the root of the tree
  /// over the tensors.
  package var sha256: [UInt8] {
    Fingerprint.bytes(
      of: [2] + TracePlan.word(epoch) + TracePlan.word(step) + MerkleTree(tensors).root)
  }
}
