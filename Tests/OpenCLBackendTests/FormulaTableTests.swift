import Foundation
import Kernels
import Testing

/// The table of formulas exists in both languages, with the same names, and the kernels of both use it.
@Suite struct FormulaTableTests {
  static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    .deletingLastPathComponent()

  /// The text of the Swift files of one folder whose names start with `prefix`.
  static func swift(_ folder: String, prefix: String = "") throws -> String {
    let folder = root.appendingPathComponent("Sources/\(folder)")
    return try FileManager.default.contentsOfDirectory(at: folder, includingPropertiesForKeys: nil)
      .filter { $0.pathExtension == "swift" && $0.lastPathComponent.hasPrefix(prefix) }
      .map { try String(contentsOf: $0, encoding: .utf8) }.joined()
  }

  static func openCL(_ isIncluded: (String) -> Bool) -> String {
    KernelSource.operations.filter { isIncluded($0.name) }.map { String(decoding: $0.text, as: UTF8.self) }
      .joined()
  }

  /// `reluGradient` as OpenCL C has it: `relu_gradient`.
  static func snake(_ name: Substring) -> String {
    name.reduce(into: "") { text, letter in
      text += letter.isUppercase ? "_\(letter.lowercased())" : "\(letter)"
    }
  }

  static let inSwift = Result {
    Set(
      try swift("Numerics", prefix: "Formulas").matches(of: /public static func (\w+)\(/).map { snake($0.1) })
  }
  static let inOpenCL = Set(
    openCL { $0 == "formulas.cl" }.matches(of: /(?m)^static inline \w+ formula_(\w+)\(/).map { String($0.1) })

  @Test func theSameNamesInBothLanguages() throws {
    let inSwift = try Self.inSwift.get()
    #expect(inSwift.count > 25)
    #expect(inSwift.subtracting(Self.inOpenCL).sorted() == [], "missing in formulas.cl")
    #expect(Self.inOpenCL.subtracting(inSwift).sorted() == [], "missing in Formulas*.swift")
  }

  @Test func noFormulaStandsOutsideTheTable() {
    let others = Self.openCL { $0 != "formulas.cl" }
    #expect(others.matches(of: /(?m)^static inline \w+ formula_(\w+)\(/).isEmpty)
  }

  @Test func theKernelsOfBothBackendsUseEveryFormula() throws {
    let kernels = Self.openCL { $0 != "formulas.cl" }
    let used = Set(kernels.matches(of: /formula_(\w+)\(/).map { String($0.1) })
    #expect(Self.inOpenCL.subtracting(used).sorted() == [], "not used by the OpenCL kernels")
    #expect(used.subtracting(Self.inOpenCL).sorted() == [], "used, but not in the table")
    let folders = ["CPUKernels", "CPUConvolutions", "CPUBackend/Operations"]
    let backend = try folders.map { try Self.swift($0) }.joined()
    let calls = Set(backend.matches(of: /Formulas\.(\w+)\(/).map { Self.snake($0.1) })
    #expect(try Self.inSwift.get().subtracting(calls).sorted() == [], "not used by the CPU backend")
  }
}
