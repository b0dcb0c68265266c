import Numerics

/// Bits of `function` of `count` consecutive bit patterns (a multiple of 8) from `first` on.
@inline(never)
public func sweepFunction(
  _ function: ElementaryFunction, first: UInt32, count: Int, into result: UnsafeMutablePointer<UInt32>
) {
  Elementary.sweep(function, first: first, count: count, into: result)
}
