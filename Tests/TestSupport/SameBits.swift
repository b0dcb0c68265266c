import Testing

/// Fails at the first bit that differs.
package func expectSameBits(
  _ got: [Float], _ expected: [Float], _ what: String, sourceLocation: SourceLocation = #_sourceLocation
) {
  #expect(got.count == expected.count, "\(what)", sourceLocation: sourceLocation)
  for (index, (a, b)) in zip(got, expected).enumerated() where a.bitPattern != b.bitPattern {
    let bits = { (x: Float) in "\(x) (0x\(String(x.bitPattern, radix: 16)))" }
    Issue.record(
      "\(what): element \(index) is \(bits(a)), expected \(bits(b))", sourceLocation: sourceLocation)
    return
  }
}
