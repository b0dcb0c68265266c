import Models
import Parity
import Programs

/// Cases in a comparison of one device with the first; of each operation's every `stride`-th, starting as `seed` says.
func caseCount(_ models: [ModelKind], every stride: Int = 1, seed: UInt64 = 0) throws -> Int {
  let operations = Operation.Kind.allCases.reduce(0) {
    $0 + OperationCase.cases(of: $1, every: stride, seed: seed).count
  }
  return try models.reduce(operations) { try $0 + ModelCase.all(of: $1, seed: 0).count }
}
