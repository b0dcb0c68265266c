/// The splits of a data set.
package enum Split: String, Sendable, CaseIterable, Codable {
  /// Images used for training.
  case train
  /// Training images held out for validation.
  case validation
  /// The test images.
  case test

  /// Chooses the training images held out for validation: the first `validationCount` of `order`.
  ///
  /// Both results are ascending.
  ///
  /// - Parameters:
  ///   - order: every training image once, in random order.
  ///   - validationCount: how many to hold out, at least one fewer than there are.
  /// - Throws: `DatasetError` when the count is negative or leaves nothing to train on.
  package static func validationSplit(
    order: [UInt32], validationCount: Int
  ) throws -> (train: [UInt32], validation: [UInt32]) {
    guard validationCount >= 0, validationCount < order.count else {
      throw DatasetError(
        .badSplit,
        "expected a validation count that leaves at least one of \(order.count) training images, "
          + "found \(validationCount)")
    }
    return (order[validationCount...].sorted(), order[..<validationCount].sorted())
  }
}
