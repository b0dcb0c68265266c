import Models
import Parity

/// Cases that comparing one device with the first is made of.
func caseCount(_ models: [ModelKind]) throws -> Int {
  try models.reduce(OperationCase.all.count) { try $0 + ModelCase.all(of: $1, seed: 0).count }
}
