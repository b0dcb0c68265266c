/// Arithmetic that a device does not round as IEEE 754 does, and that the kernels make of fma and integers instead
/// (`Kernels/division.cl`). The probe decides, by bits.
package struct Replacements: OptionSet, Hashable, Sendable {
  package let rawValue: Int

  package init(rawValue: Int) { self.rawValue = rawValue }

  /// Division.
  package static let division = Replacements(rawValue: 1)
  /// Square root.
  package static let squareRoot = Replacements(rawValue: 2)

  /// Every choice, the device's own arithmetic first.
  static let choices: [Replacements] = [[], .division, .squareRoot, [.division, .squareRoot]]

  /// For people: `division`, `square root`.
  var names: [String] {
    (contains(.division) ? ["division"] : []) + (contains(.squareRoot) ? ["square root"] : [])
  }

  /// What the device's compiler is told, each with a blank before it.
  var buildOptions: String {
    (contains(.division) ? " -D OWN_DIVISION" : "") + (contains(.squareRoot) ? " -D OWN_SQUARE_ROOT" : "")
  }

  /// These, and what keeps a device out of `trap`; nil where nothing does, or it has not helped.
  func mending(_ trap: String) -> Replacements? {
    let remedies: [ProbeTrap: Replacements] = [.division: .division, .squareRoot: .squareRoot]
    guard let remedy = ProbeTrap(rawValue: trap).flatMap({ remedies[$0] }), !contains(remedy) else {
      return nil
    }
    return union(remedy)
  }
}
