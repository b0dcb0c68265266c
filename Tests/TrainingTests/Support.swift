import CPUBackend
import Datasets
import Foundation
import Models
import Programs
import Synchronization
import Testing
import Training

enum Support {
  /// Blobs whose place is their class, on a black ground.
  static func images(_ count: Int, first: Int = 0, labelled: Bool = true) throws -> ImageSet {
    var pixels = [UInt8](repeating: 0, count: count * 784)
    var labels: [UInt8] = []
    for n in 0..<count {
      let number = first + n
      let label = number * 7 % 10
      labels.append(UInt8(label))
      let (centreY, centreX) = (6 + label / 4 * 7 + number % 3, 5 + label % 4 * 6 + number % 2)
      for y in 0..<28 {
        for x in 0..<28 {
          let distance = (y - centreY) * (y - centreY) + (x - centreX) * (x - centreX)
          if distance < 16 { pixels[n * 784 + y * 28 + x] = UInt8(255 - distance * 10 - number % 5) }
        }
      }
    }
    return try ImageSet(pixels: pixels, labels: labelled ? labels : nil)
  }

  static func dataset(train: Int = 220, labelled: Bool = true) throws -> Dataset {
    try Dataset(
      name: "blobs", train: try images(train, labelled: labelled),
      test: try images(40, first: train, labelled: labelled), source: URL(fileURLWithPath: "/nowhere"))
  }

  /// A small model of a kind: three epochs of six steps on 198 images.
  static func configuration(_ kind: ModelKind, _ settings: [String: String] = [:]) throws -> Configuration {
    var configuration = Configuration(kind)
    let small = [
      "hidden": "16", "latent": "4", "batch-size": "37", "epochs": "3", "learning-rate": "0.005",
      "dropout": "0.1", "seed": "7",
    ]
    for (key, value) in small { try configuration.set(key, value) }
    if kind != .vae { try configuration.set("filters", "4,5,8") }
    for (key, value) in settings { try configuration.set(key, value) }
    return configuration
  }

  static func backend(threads: Int = 1) throws -> CPUBackend { try CPUBackend(threads: threads) }

  /// The hash of every epoch of a run without a folder.
  static func hashes(_ configuration: Configuration, threads: Int = 1) throws -> [String] {
    let trainer = try Trainer(configuration, dataset: dataset(), backend: backend(threads: threads))
    _ = try trainer.fit()
    return trainer.manifest.epochs.map(\.stateSHA256)
  }

  /// Begins the run in `url`, or goes on with it, until so many steps are done.
  static func run(_ configuration: Configuration, stoppingAfter steps: Int, in url: URL) throws {
    let signal = StopSignal()
    let backend = StoppingBackend(try Support.backend(), signal, steps: steps)
    let trainer =
      FileManager.default.fileExists(atPath: url.path)
      ? try Trainer(resuming: RunFolder(resuming: url), dataset: dataset(), backend: backend)
      : try Trainer(configuration, dataset: dataset(), backend: backend, folder: RunFolder(creating: url))
    trainer.stopSignal = signal
    #expect(try trainer.fit() == .interrupted)
    #expect(trainer.manifest.state == .interrupted)
  }

  /// A folder that goes away with the test.
  static func inFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
    let url = FileManager.default.temporaryDirectory.appendingPathComponent("facsimile-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: url) }
    return try body(url)
  }
}

/// Asks to stop behind a number of steps, whatever programs they are of.
final class StoppingBackend: Backend {
  let inner: CPUBackend
  let stopSignal: StopSignal
  private let rest: Mutex<Int>
  var device: DeviceInfo { inner.device }

  init(_ inner: CPUBackend, _ stopSignal: StopSignal, steps: Int) {
    (self.inner, self.stopSignal) = (inner, stopSignal)
    rest = Mutex(steps)
  }

  func prepare(_ program: Program) throws -> any PreparedProgram {
    StoppingProgram(try inner.prepare(program), self)
  }

  fileprivate func step() {
    let isLast = rest.withLock {
      $0 -= 1
      return $0 == 0
    }
    if isLast { stopSignal.stop() }
  }
}

private final class StoppingProgram: PreparedProgram {
  let inner: any PreparedProgram
  let backend: StoppingBackend
  var program: Program { inner.program }

  init(_ inner: any PreparedProgram, _ backend: StoppingBackend) {
    (self.inner, self.backend) = (inner, backend)
  }

  func write(_ bytes: UnsafeRawBufferPointer, to buffer: Buffer, at offset: Int) throws {
    try inner.write(bytes, to: buffer, at: offset)
  }
  func read(_ buffer: Buffer, at offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws {
    try inner.read(buffer, at: offset, into: bytes)
  }
  func run(_ routine: Routine.Name, step: Int) throws {
    try inner.run(routine, step: step)
    if routine == .train { backend.step() }
  }
  func synchronize() throws { try inner.synchronize() }
}
