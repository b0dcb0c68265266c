#if hasFeature(BuiltinModule)
  import Builtin
#endif

/// The version of the numerics contract that this module implements.
///
/// Once a version is frozen, any change of bits raises it; every manifest records it.
public let contractVersion = 2

/// Eight binary32 values, one per SIMD lane: one AVX register, or two NEON registers.
public typealias Lanes = SIMD8<Float>

/// The result of comparing two `Lanes`: true or false in each lane.
public typealias LaneMask = SIMDMask<SIMD8<Int32>>

/// Eight 32-bit words: bit patterns of `Lanes`, or random words.
public typealias WordLanes = SIMD8<UInt32>

// The names below are those of OpenCL C, so that a formula reads the same in both languages. A product
// and a sum are fused only where `fma` is written: neither compiler may contract `a * b + c`.

/// `a × b + c`, rounded once, in each lane.
@inlinable @inline(__always)
public func fma(_ a: Lanes, _ b: Lanes, _ c: Lanes) -> Lanes {
  // `addingProduct` is eight scalar operations that LLVM has to recombine, and sometimes it does not: an exponential
  // then becomes scalar code. LLVM's own vector intrinsic is never split.
  #if hasFeature(BuiltinModule)
    let sum: Builtin.Vec8xFPIEEE32 = Builtin.int_fma_Vec8xFPIEEE32(
      Builtin.reinterpretCast(a), Builtin.reinterpretCast(b), Builtin.reinterpretCast(c))
    return Builtin.reinterpretCast(sum)
  #else
    return c.addingProduct(a, b)
  #endif
}

/// `a × b + c`, rounded once, in each of sixteen lanes.
@inlinable @inline(__always)
public func fma(_ a: SIMD16<Float>, _ b: SIMD16<Float>, _ c: SIMD16<Float>) -> SIMD16<Float> {
  #if hasFeature(BuiltinModule)
    let sum: Builtin.Vec16xFPIEEE32 = Builtin.int_fma_Vec16xFPIEEE32(
      Builtin.reinterpretCast(a), Builtin.reinterpretCast(b), Builtin.reinterpretCast(c))
    return Builtin.reinterpretCast(sum)
  #else
    return c.addingProduct(a, b)
  #endif
}

/// `a × b + c`, rounded once, in each lane; `c` is the same in all lanes.
@inlinable @inline(__always)
public func fma(_ a: Lanes, _ b: Lanes, _ c: Float) -> Lanes { fma(a, b, Lanes(repeating: c)) }

/// `a × b + c`, rounded once, in each lane; `b` is the same in all lanes.
@inlinable @inline(__always)
public func fma(_ a: Lanes, _ b: Float, _ c: Lanes) -> Lanes { fma(a, Lanes(repeating: b), c) }

/// `a × b + c`, rounded once, in each lane; `b` and `c` are the same in all lanes.
@inlinable @inline(__always)
public func fma(_ a: Lanes, _ b: Float, _ c: Float) -> Lanes {
  fma(a, Lanes(repeating: b), Lanes(repeating: c))
}

/// `a × b + c`, rounded once.
@inlinable @inline(__always)
public func fma(_ a: Float, _ b: Float, _ c: Float) -> Float { c.addingProduct(a, b) }

/// `yes` where the condition holds, else `no`: a selection, never a multiplication by a mask.
@inlinable @inline(__always)
public func choose(_ condition: LaneMask, _ yes: Lanes, _ no: Lanes) -> Lanes {
  choose(bits: unsafeBitCast(condition, to: WordLanes.self), yes, no)
}

/// `yes` where all bits of the lane of `bits` are set, `no` where none is.
@inlinable @inline(__always)
public func choose(bits: WordLanes, _ yes: Lanes, _ no: Lanes) -> Lanes {
  // Swift 6.3's `replacing(with:where:)` and `~` go lane by lane, and LLVM does not always recombine the lanes; this
  // form always becomes one blend.
  Lanes(words: no.words ^ ((yes.words ^ no.words) & bits))
}

/// `yes` where the condition holds, else `no`, in each of sixteen lanes.
@inlinable @inline(__always)
public func choose(
  _ condition: SIMDMask<SIMD16<Int32>>, _ yes: SIMD16<Float>, _ no: SIMD16<Float>
) -> SIMD16<Float> {
  let bits = unsafeBitCast(condition, to: SIMD16<UInt32>.self)
  let (yes, no) = (unsafeBitCast(yes, to: SIMD16<UInt32>.self), unsafeBitCast(no, to: SIMD16<UInt32>.self))
  return unsafeBitCast(no ^ ((yes ^ no) & bits), to: SIMD16<Float>.self)
}

/// `yes` where the condition holds, else `no`; `yes` is the same in all lanes.
@inlinable @inline(__always)
public func choose(_ condition: LaneMask, _ yes: Float, _ no: Lanes) -> Lanes {
  choose(condition, Lanes(repeating: yes), no)
}

extension Lanes {
  /// The bit pattern of each lane.
  @inlinable @inline(__always)
  public var words: WordLanes { unsafeBitCast(self, to: WordLanes.self) }

  /// The bit pattern of each lane, as a signed integer.
  @inlinable @inline(__always)
  public var integers: SIMD8<Int32> { unsafeBitCast(self, to: SIMD8<Int32>.self) }

  /// The lanes with the given bit patterns.
  @inlinable @inline(__always)
  public init(words: WordLanes) { self = unsafeBitCast(words, to: Lanes.self) }

  /// The lanes with the given bit patterns, as signed integers.
  @inlinable @inline(__always)
  public init(integers: SIMD8<Int32>) { self = unsafeBitCast(integers, to: Lanes.self) }

  /// The magnitude of each lane: the sign bit cleared, also for zeros and NaN.
  @inlinable @inline(__always)
  public var magnitudes: Lanes { Lanes(words: words & 0x7fff_ffff) }

  /// Each lane negated, also zeros: Swift's own minus sign is `0 − x`, which loses −0.
  @inlinable @inline(__always)
  public var negated: Lanes { Lanes(words: words ^ 0x8000_0000) }
}
