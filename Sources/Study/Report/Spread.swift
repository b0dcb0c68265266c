/// Mean and sample standard deviation of figures from several seeds; no deviation of a single one.
struct Spread {
  let mean: Double
  let deviation: Double?

  /// Mean and deviation; NaN for no values.
  init(_ values: [Double]) {
    let mean = values.reduce(0, +) / Double(values.count)
    self.mean = mean
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    deviation = values.count > 1 ? (squares / Double(values.count - 1)).squareRoot() : nil
  }
}
