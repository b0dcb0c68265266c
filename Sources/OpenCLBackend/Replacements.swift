/// Arithmetic that a device does not round according to IEEE 754, and that the kernels compute from fma and integer
/// operations instead (`Kernels/division.cl`). The probe decides, by comparing bits.
package struct Replacements: OptionSet, Hashable, Sendable {
  package let rawValue: Int

  package init(rawValue: Int) { self.rawValue = rawValue }

  /// Division.
  package static let division = Replacements(rawValue: 1)
  /// Square root.
  package static let squareRoot = Replacements(rawValue: 2)

  /// All combinations, the device's own arithmetic first.
  static let choices: [Replacements] = [[], .division, .squareRoot, [.division, .squareRoot]]

  /// Display names: `division`, `square root`.
  var names: [String] {
    (contains(.division) ? ["division"] : []) + (contains(.squareRoot) ? ["square root"] : [])
  }

  /// The compiler options, each preceded by a space.
  var buildOptions: String {
    (contains(.division) ? " -D OWN_DIVISION" : "") + (contains(.squareRoot) ? " -D OWN_SQUARE_ROOT" : "")
  }

  /// These, plus the replacement that fixes `trap`; nil if there is none, or it is already in use.
  func mending(_ trap: String) -> Replacements? {
    let remedies: [ProbeTrap: Replacements] = [.division: .division, .squareRoot: .squareRoot]
    guard let remedy = ProbeTrap(rawValue: trap).flatMap({ remedies[$0] }), !contains(remedy) else {
      return nil
    }
    return union(remedy)
  }
}
