/// Parses a number of bytes: `500MB`, `2GB` (powers of 1,000), `64MiB` (powers of 1,024), or a plain number.
///
/// Throws: `UsageError`.
func byteCount(_ option: String, _ text: String) throws -> Int {
  let units = ["": 0, "B": 0, "KB": 1, "MB": 2, "GB": 3, "TB": 4, "KIB": 1, "MIB": 2, "GIB": 3, "TIB": 4]
  let digits = text.prefix { "0"..."9" ~= $0 }
  let unit = text.dropFirst(digits.count).drop { $0 == " " }.uppercased()
  guard let number = Int(digits), number > 0, let power = units[unit] else {
    throw UsageError(
      "\(option) is '\(text)': expected a positive whole number of bytes, such as 500MB, 2GB or 64MiB")
  }
  let factor = (0..<power).reduce(1) { product, _ in product * (unit.hasSuffix("IB") ? 1024 : 1000) }
  let (bytes, overflow) = number.multipliedReportingOverflow(by: factor)
  // More than can be addressed is no limit.
  return overflow ? .max : bytes
}
