import Programs

/// An order of summation: a tree whose leaves are the terms' numbers.
indirect enum SumTree: Sendable {
  case term(Int)
  case sum(SumTree, SumTree)

  /// One after another; nil for no terms.
  static func chain(_ terms: some Sequence<Int>) -> SumTree? {
    terms.reduce(nil) { add($0, .term($1)) }
  }

  /// Eight lanes, joined as `((l0+l2)+(l1+l3)) + ((l4+l6)+(l5+l7))`; lane ℓ is the chain of `terms(ℓ)`.
  static func lanes(_ terms: (Int) -> [Int]) -> SumTree? {
    let l = (0..<8).map { chain(terms($0)) }
    return add(add(add(l[0], l[2]), add(l[1], l[3])), add(add(l[4], l[6]), add(l[5], l[7])))
  }

  /// A binary tree: neighbours are added, an odd last one passes up.
  static func neighbours(_ rows: [SumTree?]) -> SumTree? {
    if rows.count == 1 { return rows[0] }
    var sums: [SumTree?] = []
    for left in stride(from: 0, to: rows.count, by: 2) {
      sums.append(left + 1 < rows.count ? add(rows[left], rows[left + 1]) : rows[left])
    }
    return neighbours(sums)
  }

  /// The sum of those that are not nil.
  static func add(_ a: SumTree?, _ b: SumTree?) -> SumTree? {
    guard let a, let b else { return a ?? b }
    return .sum(a, b)
  }

  /// For every two terms the number of terms in the smallest partial sum that contains both, row by row: this
  /// determines the tree.
  var sizes: [[Int]] {
    var sizes: [[Int]] = []
    func visit(_ tree: SumTree) -> [Int] {
      switch tree {
      case .term(let term):
        return [term]
      case .sum(let left, let right):
        let (left, right) = (visit(left), visit(right))
        for a in left {
          for b in right {
            sizes[a][b] = left.count + right.count
            sizes[b][a] = left.count + right.count
          }
        }
        return left + right
      }
    }
    sizes = [[Int]](repeating: [Int](repeating: 0, count: count), count: count)
    _ = visit(self)
    return sizes
  }

  /// Number of terms.
  var count: Int {
    switch self {
    case .term: 1
    case .sum(let left, let right): left.count + right.count
    }
  }
}

/// Terms that reveal the order of their sum: term `first` is 2¹⁰⁰, term `second` −2¹⁰⁰, all others 1. A one added to
/// either before they cancel is lost, so the sum is the number of terms outside the smallest partial sum with both.
struct OrderProbe: Sendable {
  let first, second: Int

  /// The value of a term.
  func value(_ term: Int) -> Float { term == first ? 0x1p100 : term == second ? -0x1p100 : 1 }

  /// The probes of all pairs of `count` terms.
  static func all(_ count: Int) -> [OrderProbe] {
    (0..<count).flatMap { first in
      (first + 1..<count).map { OrderProbe(first: first, second: $0) }
    }
  }
}

/// A sum that an operation computes, and its order in the contract.
struct OrderedSum: Sendable {
  let name: String
  let tree: SumTree
  /// The operation's results for the probes, in their order; one or more each, which must all show the tree.
  let results: @Sendable (any Backend, [OrderProbe]) throws -> [[Float]]

  /// The contract's order: an empty `tree` is an error in the test.
  init(
    _ name: String, _ tree: SumTree?,
    _ results: @escaping @Sendable (any Backend, [OrderProbe]) throws -> [[Float]]
  ) {
    (self.name, self.tree, self.results) = (name, tree!, results)
  }

  /// The pairs of terms whose smallest common partial sum has another size than in `expected`.
  ///
  /// Source: the method of FPRev (arXiv 2411.00442).
  func differences(from expected: SumTree, on backend: any Backend) throws -> [String] {
    let (count, sizes) = (expected.count, expected.sizes)
    let probes = OrderProbe.all(count)
    return zip(probes, try results(backend, probes)).flatMap { probe, results in
      results.map { count - Int($0) }.filter { $0 != sizes[probe.first][probe.second] }.map {
        "terms \(probe.first) and \(probe.second): the smallest sum with both has \($0) of \(count) terms, "
          + "expected \(sizes[probe.first][probe.second])"
      }
    }
  }
}
