import CSystem
import Foundation

/// Vector width of the convolutions.
package enum VectorWidth: Sendable, CaseIterable {
  /// 256 bits: AVX2, or two registers of NEON.
  case narrow
  /// 512 bits: AVX-512.
  case wide

  /// The vendor's name of the instruction set.
  var instructions: String {
    #if arch(x86_64)
      self == .wide ? "AVX-512" : "AVX2"
    #else
      "NEON"
    #endif
  }
}

/// The processor features that the kernels need.
package enum Processor {
  /// The processor's name according to the system.
  package static var name: String { field("model name") ?? "CPU" }

  /// Optional instruction sets.
  package enum Instructions: String, CaseIterable, Sendable {
    case avx2, fma, avx512f, avx512bw, avx512dq, avx512vl

    /// Required on x86-64.
    static let needed: [Instructions] = [.avx2, .fma]
    /// Required for the wide vectors.
    static let wide: [Instructions] = [.avx512f, .avx512bw, .avx512dq, .avx512vl]

    /// Whether the processor has them and the system saves their registers, according to CPUID; never on arm64.
    package var areThere: Bool {
      switch self {
      case .avx2: facsimile_has_avx2()
      case .fma: facsimile_has_fma()
      case .avx512f: facsimile_has_avx512f()
      case .avx512bw: facsimile_has_avx512bw()
      case .avx512dq: facsimile_has_avx512dq()
      case .avx512vl: facsimile_has_avx512vl()
      }
    }
  }

  /// Throws: ``CPUError`` if the processor lacks AVX2 or FMA (x86-64); arm64 always has what is needed.
  ///
  /// Must be called before any kernel, at the start of `main`.
  package static func check() throws {
    #if arch(x86_64)
      let missing = Instructions.needed.filter { !$0.areThere }
      if !missing.isEmpty {
        throw CPUError(
          "this processor (\(name)) lacks \(missing.map(\.rawValue).joined(separator: " and ")): "
            + "Facsimile needs x86-64 with AVX2 and FMA (Haswell, Zen or later), or arm64")
      }
    #endif
  }

  /// The widest vectors that this processor has and the convolutions are compiled for.
  package static let vectors: VectorWidth = Instructions.wide.allSatisfy(\.areThere) ? .wide : .narrow

  private static func field(_ key: String) -> String? {
    guard let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8) else { return nil }
    for line in text.split(separator: "\n", maxSplits: 64) where line.hasPrefix(key) {
      return line.split(separator: ":", maxSplits: 1).last?.trimmingCharacters(in: .whitespaces)
    }
    return nil
  }
}
