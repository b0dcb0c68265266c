import OpenCLBackend
import Programs
import TestSupport
import Testing

/// The order of every sum as observed from outside, on each backend: from the contract, without knowledge of the code.
@Suite("Orders of summation") struct SummationOrderTests {
  /// The CPU, every OpenCL device, and the same with a GPU's partition of work.
  static func backends() throws -> [any Backend] {
    guard TestDevices.areThere else { return [try cpu(1), try cpu(2)] }
    return try [cpu(1), cpu(2)] + TestDevices.openCL() + TestDevices.openCL(LaunchOptions(.gpu))
  }

  @Test("the smallest sum of any two terms is the contract's", arguments: OrderedSum.all)
  func orders(_ sum: OrderedSum) throws {
    for backend in try Self.backends() {
      let differences = try sum.differences(from: sum.tree, on: backend)
      #expect(
        differences.isEmpty, "\(backend.device.identifier): \(differences.count), \(differences.first ?? "")")
    }
  }

  @Test("another order shows")
  func wrong() throws {
    let sum = try #require(OrderedSum.all.first { $0.name == "losses over images" })
    let chain = try #require(SumTree.chain(0..<37))
    #expect(try sum.differences(from: chain, on: cpu(1)).count > 600)
    // Two lanes exchanged in the join.
    let lanes = [0, 2, 1, 3, 4, 5, 6, 7]
    let other = SumTree.lanes { lane in (0..<37).filter { $0 % 8 == lanes[lane] } }
    #expect(try !sum.differences(from: #require(other), on: cpu(1)).isEmpty)
  }
}

extension OrderedSum: CustomTestStringConvertible {
  var testDescription: String { name }
}
