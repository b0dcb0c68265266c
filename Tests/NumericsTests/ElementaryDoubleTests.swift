import Foundation
import Numerics
import Testing

/// Exponential, logarithm and normal quantile in double precision.
@Suite struct ElementaryDoubleTests {
  /// Arguments and results of 40 digits, rounded (mpmath).
  @Test func exponentialIsWithinOneUnitOfKnownValues() {
    let known: [(Double, Double)] = [
      (0, 1), (1, 2.718281828459045), (-1, 0.36787944117144233), (0.5, 1.6487212707001282),
      (-0.5, 0.6065306597126334), (1e-10, 1.0000000001), (-1e-300, 1),
      (0.34657359027997264, 1.414213562373095), (0.3465735902799727, 1.4142135623730951),
      (-0.3465735902799727, 0.7071067811865475), (2.302585092994046, 10.000000000000002),
      (-10.75, 2.1445408316589164e-05), (88.5, 2.7230878250681117e+38), (-103.25, 1.44242999044028e-45),
      (700.1, 1.120899771073261e+304), (709.782712893384, 1.7976931348622732e+308),
      (-720.5, 0x0.00005cf08fff0p-1022), (-745.1, 0x1p-1074),
    ]
    for (x, exact) in known {
      #expect(abs(Elementary.exp(x) - exact) <= exact.ulp, "exp \(x) is \(Elementary.exp(x)), not \(exact)")
    }
    #expect(Elementary.exp(709.7827128933841) == .infinity && Elementary.exp(Double.infinity) == .infinity)
    #expect(Elementary.exp(-745.1332191019421) == 0 && Elementary.exp(-Double.infinity) == 0)
    #expect(Elementary.exp(Double.nan).isNaN)
  }

  @Test func logarithmIsWithinOneUnitOfKnownValues() {
    let known: [(Double, Double)] = [
      (2, 0.6931471805599453), (0.5, -0.6931471805599453), (0.7071067811865475, -0.34657359027997275),
      (0.7071067811865476, -0.3465735902799726), (1.4142135623730951, 0.3465735902799727),
      (0.9999999999999999, -1.1102230246251565e-16), (1.0000000000000002, 2.2204460492503128e-16),
      (10, 2.302585092994046), (3.141592653589793, 1.1447298858494002), (1e-300, -690.7755278982137),
      (1.7976931348623157e+308, 709.782712893384), (0x1p-1074, -744.4400719213812),
      (2.2250738585072014e-308, -708.3964185322641), (123456.789, 11.723646487185881),
      (0.35, -1.0498221244986778), (0.6931471805599453, -0.36651292058166435),
    ]
    for (x, exact) in known {
      #expect(abs(Elementary.log(x) - exact) <= exact.ulp, "log \(x) is \(Elementary.log(x)), not \(exact)")
    }
    #expect(Elementary.log(1.0).bitPattern == 0 && Elementary.log(0.0) == -.infinity)
    #expect(Elementary.log(-1.0).isNaN && Elementary.log(Double.nan).isNaN)
    #expect(Elementary.log(Double.infinity) == .infinity)
  }

  /// The C library has errors below one unit as well, so they may differ by two units.
  @Test func randomArgumentsAgreeWithTheCLibrary() {
    var words = Words(seed: 61)
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for _ in 0..<100_000 {
      let share = Double(words.next()) * 0x1p-32
      let x = words.next() % 2 == 0 ? 1_460 * share - 750 : 8 * share - 4
      let anyNumber = Double(bitPattern: UInt64(words.next()) << 31 | UInt64(words.next()))
      let (e, l) = (Elementary.exp(x), Elementary.log(anyNumber))
      #expect(e == .infinity ? x > 709.7 : abs(e - Foundation.exp(x)) <= 2 * e.ulp, "exp \(x)")
      #expect(!(abs(l - Foundation.log(anyNumber)) > 2 * l.ulp), "log \(anyNumber)")
      for bits in [e.bitPattern, l.isNaN ? 0 : l.bitPattern] { hash = (hash ^ bits) &* 0x100_0000_01b3 }
    }
    // The same bits on every processor.
    #expect(hash == 0xe4629aea8ea31d6d)
  }

  @Test func everyLaneIsTheFunctionOfOneNumber() {
    let x = DoubleLanes(-3.25, 800, 0.7, 0)
    for lane in 0..<4 {
      #expect(Elementary.exp(x)[lane] == Elementary.exp(x[lane]))
      #expect(Elementary.log(x)[lane].bitPattern == Elementary.log(x[lane]).bitPattern || x[lane] < 0)
    }
  }

  @Test func normalQuantileHasKnownValues() {
    let known: [(Double, Double)] = [
      (0.25, -0.6744897501960817), (0.075, -1.439531470938456), (0.0749, -1.4402382675279637),
      (0.9, 1.2815515655446006), (0.975, 1.9599639845400538), (0.999, 3.090232306167813),
      (1e-05, -4.264890793922825), (1e-11, -6.706023155495136), (1e-12, -7.034483825301132),
      (1e-100, -21.273453560965326), (2.2250738585072014e-308, -37.5193793471445),
    ]
    for (p, exact) in known {
      #expect(abs(Elementary.normalQuantile(p) / exact - 1) < 1e-15, "quantile of \(p)")
    }
    #expect(Elementary.normalQuantile(0.5) == 0)
    #expect(Elementary.normalQuantile(0) == -.infinity && Elementary.normalQuantile(1) == .infinity)
    #expect(Elementary.normalQuantile(1.5).isNaN && Elementary.normalQuantile(.nan).isNaN)
  }
}
