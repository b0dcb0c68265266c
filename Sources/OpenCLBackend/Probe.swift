import COpenCL
import Kernels
import Numerics

/// A device computed other bits than the contract requires.
package struct ProbeFailure: Error, CustomStringConvertible, Hashable, Sendable {
  /// The device.
  package let device: String
  /// What it got wrong: the trap's name.
  package let trap: String
  /// The inputs and their bit patterns.
  package let inputs: String
  /// The device's bits.
  package let got: UInt32
  /// The bits of the contract.
  package let expected: UInt32

  /// One line.
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
/// A pass is cached under the key of the probe's program: device, driver, options (which include the replacements of
/// the device's own arithmetic), sources. A failure is never cached.
struct Probe {
  private let context: OpenCLContext
  private let lanes: Int
  private let sources: [(name: String, text: [UInt8])]
  private let cache: ProgramCache?
  /// The option that makes kernels fail traps on purpose, or empty.
  private let fault: String

  init(_ context: OpenCLContext, lanes: Int, settings: OpenCLSettings, cache: ProgramCache?) throws {
    self.context = context
    self.lanes = lanes
    self.cache = cache
    let broken = try settings.probeFault.map(Self.traps) ?? []
    fault = broken.isEmpty ? "" : " -D PROBE_BREAK=\(broken.reduce(0) { $0 | 1 << $1.number })"
    sources = KernelPrelude.program(KernelSource.probe)
  }

  /// The traps of a list such as `division,squareRoot`.
  private static func traps(_ names: String) throws -> [ProbeTrap] {
    try names.split(separator: ",", omittingEmptySubsequences: false).map { name in
      guard let trap = ProbeTrap(rawValue: String(name)) else {
        let known = ProbeTrap.allCases.map(\.rawValue).joined(separator: ", ")
        throw OpenCLError(
          unavailable: "FACSIMILE_PROBE_FAIL is \(names), expected one or several (with commas) of \(known)")
      }
      return trap
    }
  }

  private static let passed = Array("passed".utf8)

  /// Finds the arithmetic with which the device passes: its own wherever that is correct.
  ///
  /// - Returns: the arithmetic that must be replaced. - Throws: ``ProbeFailure`` naming the first trap that the device
  ///   fails and no replacement fixes.
  func run() throws -> Replacements {
    // The host first: it computes the expected bits, and its faults must not be blamed on a device.
    ArithmeticMode.establish()
    if let fault = ArithmeticMode.fault {
      throw OpenCLError(unavailable: "this process does not compute as the numerics contract asks: \(fault)")
    }
    if let cache, let known = Replacements.choices.first(where: { cache.load(name($0)) == Self.passed }) {
      return known
    }
    var replacements: Replacements = []
    while true {
      do {
        try run(replacements)
        cache?.store(Self.passed, as: name(replacements))
        return replacements
      } catch let failure as ProbeFailure {
        guard let more = replacements.mending(failure.trap) else { throw failure }
        replacements = more
      }
    }
  }

  private func options(_ replacements: Replacements) -> String {
    OpenCLBackend.buildOptions(context.device, lanes: lanes, replacements) + fault
  }

  private func name(_ replacements: Replacements) -> String {
    ProgramCache.key(context.device, options: options(replacements), sources: sources) + ".probe"
  }

  private func run(_ replacements: Replacements) throws {
    let program = try CompiledProgram(context, sources, options: options(replacements), cache: nil)
    let runner = ProbeRunner(context, program, lanes: lanes)
    for trap in ProbeTrap.allCases {
      for test in trap.tests { try compare(trap, test, try runner.run(test)) }
    }
  }

  private func compare(_ trap: ProbeTrap, _ test: ProbeTest, _ results: [UInt32]) throws {
    for (index, (got, expected)) in zip(results, test.expected).enumerated() where got != expected {
      // NaN payloads are ignored.
      if test.areFloats, Float(bitPattern: got).isNaN, Float(bitPattern: expected).isNaN { continue }
      throw ProbeFailure(
        device: context.deviceName, trap: trap.rawValue, inputs: test.inputs(index), got: got,
        expected: expected)
    }
  }
}
