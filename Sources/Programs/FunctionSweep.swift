import Numerics

/// A backend that can apply a function of the contract to any range of bit patterns.
///
/// Only for comparing devices over all 2³² inputs; programs use the functions inside operations.
package protocol FunctionSweep: Backend {
  /// The bits of `function` of the binary32 values with bit patterns `first ..< first + count`.
  ///
  /// `count` is a multiple of 16. Throws: an error with the device's reason.
  func sweep(_ function: ElementaryFunction, first: UInt32, count: Int) throws -> [UInt32]
}
