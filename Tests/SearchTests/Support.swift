import CPUBackend
import Datasets
import Foundation
import Models
import Programs
import Search
import Storage
import Synchronization
import Training

enum Support {
  /// Blobs whose place is their class, on a black ground.
  static func images(_ count: Int, first: Int = 0) throws -> ImageSet {
    var pixels = [UInt8](repeating: 0, count: count * 784)
    for n in 0..<count {
      let number = first + n
      let label = number * 7 % 10
      let (centreY, centreX) = (6 + label / 4 * 7 + number % 3, 5 + label % 4 * 6 + number % 2)
      for y in 0..<28 {
        for x in 0..<28 {
          let distance = (y - centreY) * (y - centreY) + (x - centreX) * (x - centreX)
          if distance < 16 { pixels[n * 784 + y * 28 + x] = UInt8(255 - distance * 10 - number % 5) }
        }
      }
    }
    return try ImageSet(pixels: pixels, labels: (first..<first + count).map { UInt8($0 * 7 % 10) })
  }

  static func dataset(train: Int = 120, labelled: Bool = true) throws -> Dataset {
    let (train, test) = (try images(train), try images(20, first: train))
    return try Dataset(
      name: "blobs", train: try ImageSet(pixels: train.pixels, labels: labelled ? train.labels : nil),
      test: test, source: URL(fileURLWithPath: "/nowhere"))
  }

  /// Six small trials of three epochs of three steps; trial 3 and 6 cannot be trained with that rate.
  static let space = """
    model: vae
    epochs: 3
    fixed: {hidden: 12, batch-size: 37, optimizer: sgd, seed: 5, dropout: 0.1}
    space:
      latent: [2, 3]
      learning-rate: [0.001, 0.0001, 100]
    """

  static func backends(_ jobs: Int = 1) throws -> [any Backend] {
    try (0..<jobs).map { try CPUBackend(threads: $0 % 2 + 1) }
  }

  /// Searches in one go.
  static func table(_ text: String, jobs: Int = 1, in folder: URL) throws -> [Trial] {
    let storage = folder.appendingPathComponent("\(UUID().uuidString).sqlite")
    let search = try Search(SearchSpace(text), dataset: dataset(), storage: storage)
    _ = try search.run(on: backends(jobs))
    return try search.trials()
  }

  /// A folder that goes away with the test.
  static func inFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("facsimile-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: url) }
    return try body(url)
  }
}

extension [Trial] {
  /// Everything that a search may not change, one line a trial.
  var facts: [String] {
    map { trial in
      let loss = trial.validationLoss.map { "\($0)" } ?? "none"
      return
        "\(trial.number) \(trial.configuration.sorted { $0.key < $1.key }) \(trial.state) rung \(trial.rung) "
        + "epochs \(trial.epochs) loss \(loss) of \(trial.bestEpoch) \(trial.stateSHA256 ?? "none") "
        + (trial.failure ?? "")
    }
  }
}

/// Does something once a number of training steps is done, on whichever thread does the last.
final class StepHook: Backend {
  let inner: any Backend
  private let rest: Mutex<Int>
  private let body: @Sendable () throws -> Void
  var device: DeviceInfo { inner.device }

  init(_ inner: any Backend, steps: Int, _ body: @escaping @Sendable () throws -> Void) {
    (self.inner, self.body) = (inner, body)
    rest = Mutex(steps)
  }

  func prepare(_ program: Program) throws -> any PreparedProgram {
    HookedProgram(try inner.prepare(program), self)
  }

  fileprivate func step() throws {
    let isLast = rest.withLock {
      $0 -= 1
      return $0 == 0
    }
    if isLast { try body() }
  }
}

private final class HookedProgram: PreparedProgram {
  let inner: any PreparedProgram
  let hook: StepHook
  var program: Program { inner.program }

  init(_ inner: any PreparedProgram, _ hook: StepHook) { (self.inner, self.hook) = (inner, hook) }

  func write(_ bytes: UnsafeRawBufferPointer, to buffer: Buffer, at offset: Int) throws {
    try inner.write(bytes, to: buffer, at: offset)
  }
  func read(_ buffer: Buffer, at offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws {
    try inner.read(buffer, at: offset, into: bytes)
  }
  func run(_ routine: Routine.Name, step: Int) throws {
    try inner.run(routine, step: step)
    if routine == .train { try hook.step() }
  }
  func synchronize() throws { try inner.synchronize() }
}

/// A place where a number of threads wait for each other.
final class Gathering: Sendable {
  private let count: Int
  private let arrived = Atomic(0)

  init(_ count: Int) { self.count = count }

  /// Whether all have been here.
  var isComplete: Bool { arrived.load(ordering: .relaxed) >= count }

  /// Waits for the others, but no longer than a minute.
  func wait() {
    arrived.add(1, ordering: .relaxed)
    let deadline = ContinuousClock.now + .seconds(60)
    while !isComplete, ContinuousClock.now < deadline { Thread.sleep(forTimeInterval: 0.001) }
  }
}
