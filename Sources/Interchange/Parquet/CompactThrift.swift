import Foundation

/// Thrift's compact protocol, as far as Parquet's footers and page headers need it
/// (github.com/apache/thrift, doc/specs/thrift-compact-protocol.md).
struct CompactThrift {
  private(set) var data = Data()
  /// The field written last in the structure being written.
  private var last: Int16 = 0

  private enum Kind: UInt8 {
    case int32 = 5
    case int64 = 6
    case binary = 8
    case list = 9
    case structure = 12
  }

  /// A structure on its own.
  static func structure(_ fill: (inout CompactThrift) -> Void) -> Data {
    var thrift = CompactThrift()
    thrift.structure(fill)
    return thrift.data
  }

  mutating func field(_ id: Int16, _ value: Int32) {
    begin(id, .int32)
    signed(Int64(value))
  }

  mutating func field(_ id: Int16, _ value: Int64) {
    begin(id, .int64)
    signed(value)
  }

  mutating func field(_ id: Int16, _ text: String) {
    begin(id, .binary)
    binary(text)
  }

  mutating func field(_ id: Int16, _ fill: (inout CompactThrift) -> Void) {
    begin(id, .structure)
    structure(fill)
  }

  mutating func field(_ id: Int16, list values: [Int32]) {
    begin(id, .list)
    list(of: .int32, values) { $0.signed(Int64($1)) }
  }

  mutating func field(_ id: Int16, list texts: [String]) {
    begin(id, .list)
    list(of: .binary, texts) { $0.binary($1) }
  }

  mutating func field<Value>(
    _ id: Int16, structures values: [Value], _ fill: (inout CompactThrift, Value) -> Void
  ) {
    begin(id, .list)
    list(of: .structure, values) { thrift, value in thrift.structure { fill(&$0, value) } }
  }

  /// The field's kind and its distance from the previous field, which is at most 15 here.
  private mutating func begin(_ id: Int16, _ kind: Kind) {
    precondition((1...15).contains(id - last), "CompactThrift: field \(id) after \(last)")
    data.append(UInt8(id - last) << 4 | kind.rawValue)
    last = id
  }

  private mutating func structure(_ fill: (inout CompactThrift) -> Void) {
    let outer = last
    last = 0
    fill(&self)
    data.append(0)
    last = outer
  }

  private mutating func list<Value>(
    of kind: Kind, _ values: [Value], _ write: (inout CompactThrift, Value) -> Void
  ) {
    if values.count < 15 {
      data.append(UInt8(values.count) << 4 | kind.rawValue)
    } else {
      data.append(0xF0 | kind.rawValue)
      unsigned(UInt64(values.count))
    }
    for value in values { write(&self, value) }
  }

  private mutating func binary(_ text: String) {
    unsigned(UInt64(text.utf8.count))
    data.append(contentsOf: text.utf8)
  }

  /// Zigzag: 0, −1, 1, −2, … become 0, 1, 2, 3, …
  private mutating func signed(_ value: Int64) { unsigned(UInt64(bitPattern: value << 1 ^ value >> 63)) }

  /// Seven bits per byte, lowest first.
  private mutating func unsigned(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      data.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    data.append(UInt8(rest))
  }
}
