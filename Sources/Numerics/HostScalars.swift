/// Double-precision scalars computed on the host with `+ − × ÷ √` only, never the C library: learning rates,
/// bias corrections, bounds. The same bits on every machine; each is rounded to binary32 once, by its user.
public enum HostScalars {
  /// `baseᵉ` for an integer e ≥ 0, by squaring with plain multiplications, lowest bit of e first.
  ///
  /// Relative error about 2⁻⁵³ per multiplication.
  public static func power(_ base: Double, _ exponent: Int) -> Double {
    precondition(exponent >= 0, "power: the exponent is \(exponent), expected at least 0")
    var result = 1.0
    var square = base
    var rest = exponent
    while rest > 0 {
      if rest & 1 == 1 { result *= square }
      square *= square
      rest >>= 1
    }
    return result
  }

  /// `cos 2πu` for |u| ≤ 2⁵¹.
  ///
  /// Formula: u = k/4 + r with |r| ≤ ⅛ (exact), then the Taylor polynomial of sine or cosine of 2πr, without
  /// fma. Absolute error below 3 × 10⁻¹⁶ on [−1, 1].
  public static func cosTwoPi(_ u: Double) -> Double {
    precondition(abs(u) <= 0x1p51, "cosTwoPi: u is \(u), expected at most 2^51 in magnitude")
    let quarters = (u * 4).rounded(.toNearestOrEven)
    let x = (u - quarters * 0.25) * 0x1.921fb54442d18p+2
    let z = x * x
    switch Int(quarters) & 3 {
    case 0: return cosine(z)
    case 1: return -(x * sine(z))
    case 2: return -cosine(z)
    default: return x * sine(z)
    }
  }

  /// The cosine schedule: `minimum + ½·(base − minimum)·(1 + cos(π·step/steps))`, constant after `steps`.
  ///
  /// Source: Loshchilov & Hutter, "SGDR" (ICLR 2017), as PyTorch's `CosineAnnealingLR`.
  public static func cosineSchedule(base: Double, minimum: Double, step: Int, steps: Int) -> Double {
    precondition(steps > 0 && step >= 0, "cosineSchedule: step \(step) of \(steps)")
    let share = Double(Swift.min(step, steps)) / Double(steps)
    return minimum + 0.5 * (base - minimum) * (1 + cosTwoPi(0.5 * share))
  }

  /// The bound of PyTorch's default initialisation, `1 / √fanIn`, rounded once.
  public static func initialisationBound(fanIn: Int) -> Float {
    precondition(fanIn > 0, "initialisationBound: the fan-in is \(fanIn), expected at least 1")
    return Float(1 / Double(fanIn).squareRoot())
  }

  /// `sin x / x` as a polynomial in z = x², |x| ≤ π/4.
  static func sine(_ z: Double) -> Double { taylor(z, lastTerm: 15) }

  /// `cos x` as a polynomial in z = x², |x| ≤ π/4.
  static func cosine(_ z: Double) -> Double { taylor(z, lastTerm: 16) }

  /// `1 − z/(a(a−1))·(1 − z/(…))`, from the last term inwards: the alternating Taylor series whose term of
  /// power n is divided by n·(n−1).
  static func taylor(_ z: Double, lastTerm: Int) -> Double {
    var sum = 1.0
    var n = lastTerm
    while n > 1 {
      sum = 1 - z / Double(n * (n - 1)) * sum
      n -= 2
    }
    return sum
  }
}
