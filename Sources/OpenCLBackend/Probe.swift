import COpenCL
import Kernels
import Numerics

/// A device computed other bits than the contract asks for.
package struct ProbeFailure: Error, CustomStringConvertible, Hashable, Sendable {
  /// The device.
  package let device: String
  /// What it got wrong: the trap's name.
  package let trap: String
  /// The inputs and their bit patterns.
  package let inputs: String
  /// The bits that it gave.
  package let got: UInt32
  /// The bits of the contract.
  package let expected: UInt32

  /// One clear line.
  package var description: String {
    "\(device) is refused: \(trap)(\(inputs)) gives \(Self.bits(got)), the numerics contract asks for "
      + "\(Self.bits(expected))"
  }

  static func bits(_ word: UInt32) -> String {
    let digits = String(word, radix: 16)
    return "0x" + String(repeating: "0", count: 8 - digits.count) + digits + " (\(Float(bitPattern: word)))"
  }
}

/// Runs the bit traps of the contract's section 5 on a device and compares with the CPU.
///
/// A device that passed is remembered under the key of its program of traps: device, driver, options, sources.
/// A failure is never remembered.
struct Probe {
  private let context: OpenCLContext
  private let lanes: Int
  private let options: String
  private let sources: [(name: String, text: [UInt8])]
  private let cache: ProgramCache?
  private let fault: ProbeTrap?

  init(_ context: OpenCLContext, lanes: Int, settings: OpenCLSettings, cache: ProgramCache?) throws {
    self.context = context
    self.lanes = lanes
    self.cache = cache
    if let name = settings.probeFault {
      guard let trap = ProbeTrap(rawValue: name) else {
        let known = ProbeTrap.allCases.map(\.rawValue).joined(separator: ", ")
        throw OpenCLError(unavailable: "FACSIMILE_PROBE_FAIL is \(name), expected one of \(known)")
      }
      fault = trap
    } else {
      fault = nil
    }
    let base = OpenCLBackend.buildOptions(context.device, lanes: lanes)
    options = fault.map { base + " -D PROBE_BREAK=\($0.number)" } ?? base
    sources = KernelPrelude.program(KernelSource.probe)
  }

  private static let passed = Array("passed".utf8)

  /// Throws: ``ProbeFailure`` naming the first trap that the device fell into.
  func run() throws {
    let name = ProgramCache.key(context.device, options: options, sources: sources) + ".probe"
    // The host first: the expected bits are its own, and a device must not be blamed for them.
    ArithmeticMode.establish()
    if let fault = ArithmeticMode.fault {
      throw OpenCLError(unavailable: "this process does not compute as the numerics contract asks: \(fault)")
    }
    if cache?.load(name) == Self.passed { return }
    let program = try CompiledProgram(context, sources, options: options, cache: nil)
    let runner = ProbeRunner(context, program, lanes: lanes)
    for trap in ProbeTrap.allCases {
      for test in trap.tests { try compare(trap, test, try runner.run(test)) }
    }
    cache?.store(Self.passed, as: name)
  }

  private func compare(_ trap: ProbeTrap, _ test: ProbeTest, _ results: [UInt32]) throws {
    for (index, (got, expected)) in zip(results, test.expected).enumerated() where got != expected {
      // Payloads of NaN never count.
      if test.areFloats, Float(bitPattern: got).isNaN, Float(bitPattern: expected).isNaN { continue }
      throw ProbeFailure(
        device: context.deviceName, trap: trap.rawValue, inputs: test.inputs(index), got: got,
        expected: expected)
    }
  }
}
