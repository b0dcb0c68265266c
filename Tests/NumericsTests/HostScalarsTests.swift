import Foundation
import Numerics
import Testing

@Suite("Scalars of the host")
struct HostScalarsTests {
  @Test("integer powers")
  func power() {
    #expect(HostScalars.power(0.9, 0) == 1)
    #expect(HostScalars.power(0.9, 1) == 0.9)
    #expect(HostScalars.power(2, 40) == 0x1p40)
    #expect(HostScalars.power(-3, 5) == -243)
    #expect(HostScalars.power(0.5, 2_000) == 0)
    for exponent in [2, 3, 10, 999, 100_000] {
      let expected = pow(0.999, Double(exponent))
      #expect(abs(HostScalars.power(0.999, exponent) / expected - 1) < 1e-11, "exponent \(exponent)")
    }
    // The order of multiplications is part of the contract.
    let (x, x2) = (0.9, 0.9 * 0.9)
    #expect(HostScalars.power(0.9, 7) == (x * x2) * (x2 * x2))
  }

  @Test("cosine of turns")
  func cosine() {
    for step in -4_096...4_096 {
      let u = Double(step) / 4_096 + 0x1p-40
      #expect(abs(HostScalars.cosTwoPi(u) - cos(2 * Double.pi * u)) < 1.5e-15, "u = \(u)")
    }
    #expect(HostScalars.cosTwoPi(0) == 1 && HostScalars.cosTwoPi(0.5) == -1)
    #expect(HostScalars.cosTwoPi(0.25) == 0 && HostScalars.cosTwoPi(-0.75) == 0)
    #expect(abs(HostScalars.cosTwoPi(1.0 / 6) - 0.5) < 3e-16)
  }

  @Test("cosine schedule and bounds")
  func schedule() {
    func rate(_ step: Int) -> Double {
      HostScalars.cosineSchedule(base: 1e-3, minimum: 1e-5, step: step, steps: 30)
    }
    #expect(rate(0) == 1e-3 && abs(rate(30) - 1e-5) < 1e-18 && rate(31) == rate(30))
    #expect(abs(rate(15) - 0.5 * (1e-3 + 1e-5)) < 1e-18)
    for step in 0..<30 { #expect(rate(step + 1) < rate(step)) }
    #expect(HostScalars.initialisationBound(fanIn: 9) == Float(1.0 / 3))
  }
}
