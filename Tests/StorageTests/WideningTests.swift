import Foundation
import Storage
import Testing

@Suite("SafeTensors: half, bfloat16 and double weights")
struct WideningTests {
  private func file(_ type: SafeTensors.DataType, _ words: [some FixedWidthInteger]) throws -> SafeTensors {
    var file = SafeTensors()
    let data = words.withUnsafeBytes { Data($0) }
    try file.add(.init(name: "w", dataType: type, shape: [words.count], data: data))
    return file
  }

  @Test("Every binary16 is the number that its bits say")
  func everyHalf() throws {
    let all = (0...UInt16.max).map(\.self)
    let values = try file(.f16, all).widenedFloats("w", shape: [all.count])
    for (half, value) in zip(all, values) {
      let (exponent, fraction) = (Int(half >> 10 & 0x1F), Double(half & 0x3FF))
      #expect(value.sign == (half >> 15 == 0 ? .plus : .minus))
      if exponent == 31 {
        #expect(fraction == 0 ? value.isInfinite : value.isNaN)
      } else {
        let significand = exponent == 0 ? fraction : fraction + 1024
        var magnitude = significand / Double(1 << 25)
        for _ in 0..<max(exponent, 1) { magnitude *= 2 }
        #expect(Double(abs(value)) == magnitude, "\(half)")
      }
    }
  }

  @Test("BF16 is the upper half of a float; F64 is taken where it is a float")
  func others() throws {
    let upper: [UInt16] = [0x3F80, 0xC000, 0x0001, 0x8000, 0x7F80]
    let widened = try file(.bf16, upper).widenedFloats("w", shape: [5])
    #expect(widened.map(\.bitPattern) == upper.map { UInt32($0) << 16 })
    let floats: [Float] = [1.5, -0.0, .leastNonzeroMagnitude, .greatestFiniteMagnitude, 0.1]
    let doubles = floats.map { Double($0).bitPattern }
    let narrowed = try file(.f64, doubles).widenedFloats("w", shape: [5])
    #expect(narrowed.map(\.bitPattern) == floats.map(\.bitPattern))
    for value in [0.1, 1e300, 1e-60] {
      let error = #expect(throws: SafeTensorsError.self) {
        try file(.f64, [Double(1).bitPattern, value.bitPattern]).widenedFloats("w", shape: [2])
      }
      #expect(error?.kind == .wrongType && error?.message.contains("value 1") == true)
    }
  }

  @Test("Whole numbers and another shape are refused")
  func refused() throws {
    let numbers = try file(.i32, [Int32(1)])
    #expect(throws: SafeTensorsError.self) { try numbers.widenedFloats("w", shape: [1]) }
    let half = try file(.f16, [UInt16(0)])
    #expect(throws: SafeTensorsError.self) { try half.widenedFloats("w", shape: [1, 1]) }
  }
}
