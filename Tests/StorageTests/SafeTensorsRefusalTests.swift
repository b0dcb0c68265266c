import Foundation
import Storage
import Testing

@Suite("SafeTensors: what must be refused")
struct SafeTensorsRefusalTests {
  struct Case: CustomTestStringConvertible, Sendable {
    let name: String
    let header: String
    let byteCount: Int
    let kind: SafeTensorsError.Kind

    init(_ name: String, _ header: String, _ byteCount: Int, _ kind: SafeTensorsError.Kind) {
      self.name = name
      self.header = header
      self.byteCount = byteCount
      self.kind = kind
    }

    var testDescription: String { name }
  }

  static func file(_ header: [UInt8], byteCount: Int = 0) -> Data {
    withUnsafeBytes(of: UInt64(header.count).littleEndian) { Data($0) } + Data(header)
      + Data(count: byteCount)
  }

  /// A header of tensors `a`, `b`, … of the type F32.
  static func tensors(_ list: (shape: String, offsets: String)...) -> String {
    let entries = zip("abcdef", list).map {
      "\"\($0)\":{\"dtype\":\"F32\",\"shape\":\($1.shape),\"data_offsets\":\($1.offsets)}"
    }
    return "{\(entries.joined(separator: ","))}"
  }

  static let cases: [Case] = [
    Case("not JSON", "{nonsense}", 0, .badHeader),
    Case("an array", "[]", 0, .badHeader),
    Case("space before", " {}", 0, .badHeader),
    Case("nothing", "", 0, .badHeader),
    Case("no end", "{", 0, .badHeader),
    Case("more after", "{}{}", 0, .badHeader),
    Case("zero bytes as padding", "{}\0\0", 0, .badHeader),
    Case("comma at the end", #"{"__metadata__":{},}"#, 0, .badHeader),
    Case("no colon", #"{"a"}"#, 0, .badHeader),
    Case("a string without end", #"{"a"#, 0, .badHeader),
    Case("half an escape", #"{"a\"#, 0, .badHeader),
    Case("an unknown escape", #"{"__metadata__":{"a":"\x"}}"#, 0, .badHeader),
    Case("half a surrogate", #"{"__metadata__":{"a":"\ud800"}}"#, 0, .badHeader),
    Case("the other half", #"{"__metadata__":{"a":"\udc00"}}"#, 0, .badHeader),
    Case("two high halves", #"{"__metadata__":{"a":"\ud800\ud800"}}"#, 0, .badHeader),
    Case("three hex digits", #"{"__metadata__":{"a":"\u12g4"}}"#, 0, .badHeader),
    Case("a line break in a string", "{\"__metadata__\":{\"a\":\"\n\"}}", 0, .badHeader),
    Case("metadata: a number", #"{"__metadata__":{"a":1}}"#, 0, .badHeader),
    Case("metadata: null", #"{"__metadata__":null}"#, 0, .badHeader),
    Case("metadata: nested", #"{"__metadata__":{"a":{}}}"#, 0, .badHeader),
    Case("metadata: a key twice", #"{"__metadata__":{"a":"","\u0061":""}}"#, 0, .badHeader),
    Case("metadata twice", #"{"__metadata__":{},"__metadata__":{}}"#, 0, .badHeader),
    Case(
      "a tensor twice",
      #"{"a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]},"#
        + #""a":{"dtype":"F32","shape":[0],"data_offsets":[0,0]}}"#, 0, .badHeader),
    Case(
      "a field twice", #"{"a":{"dtype":"F32","dtype":"F32","shape":[1],"data_offsets":[0,4]}}"#, 4,
      .badHeader),
    Case(
      "an unknown field", #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4],"x":1}}"#, 4, .badHeader),
    Case("no type", #"{"a":{"shape":[1],"data_offsets":[0,4]}}"#, 4, .badHeader),
    Case("no shape", #"{"a":{"dtype":"F32","data_offsets":[0,4]}}"#, 4, .badHeader),
    Case("no offsets", #"{"a":{"dtype":"F32","shape":[1]}}"#, 4, .badHeader),
    Case("one offset", tensors(("[1]", "[0]")), 4, .badHeader),
    Case("three offsets", tensors(("[1]", "[0,4,4]")), 4, .badHeader),
    Case("shape not a list", tensors(("1", "[0,4]")), 4, .badHeader),
    Case("negative dimension", tensors(("[-1]", "[0,4]")), 4, .badHeader),
    Case("a fraction", tensors(("[1.0]", "[0,4]")), 4, .badHeader),
    Case("an exponent", tensors(("[1e0]", "[0,4]")), 4, .badHeader),
    Case("a zero in front", tensors(("[01]", "[0,4]")), 4, .badHeader),
    Case("a dimension in quotes", tensors((#"["1"]"#, "[0,4]")), 4, .badHeader),
    Case("a number above 2^63", tensors(("[9223372036854775808]", "[0,4]")), 4, .badHeader),
    Case("a number above 2^64", tensors(("[18446744073709551617]", "[0,4]")), 4, .badHeader),
    Case("negative offset", tensors(("[1]", "[-4,0]")), 4, .badHeader),
    Case("too few bytes for the shape", tensors(("[2]", "[0,4]")), 4, .badSize),
    Case("too many bytes for the shape", tensors(("[1]", "[0,8]")), 8, .badSize),
    Case("a shape that overflows", tensors(("[4611686018427387904,4]", "[0,0]")), 0, .badSize),
    Case("a shape that overflows to zero", tensors(("[4294967296,4294967296]", "[0,0]")), 0, .badSize),
    Case("an overlap", tensors(("[2]", "[0,8]"), ("[2]", "[4,12]")), 12, .badOffsets),
    Case("the same bytes twice", tensors(("[1]", "[0,4]"), ("[1]", "[0,4]")), 4, .badOffsets),
    Case("a hole between", tensors(("[1]", "[0,4]"), ("[1]", "[8,12]")), 12, .badOffsets),
    Case("a hole in front", tensors(("[1]", "[4,8]")), 8, .badOffsets),
    Case("a hole after", tensors(("[1]", "[0,4]")), 5, .badOffsets),
    Case("bytes without a tensor", "{}", 1, .badOffsets),
    Case("a tensor past the end", tensors(("[2]", "[0,8]")), 7, .badOffsets),
    Case("backwards", tensors(("[0]", "[0,0]"), ("[1]", "[4,0]")), 4, .badOffsets),
    Case("end before begin", tensors(("[1]", "[0,4]"), ("[0]", "[4,3]")), 4, .badOffsets),
  ]

  @Test("A file with this fault is refused", arguments: cases)
  func refused(_ fault: Case) {
    let data = Self.file(Array(fault.header.utf8), byteCount: fault.byteCount)
    let error = #expect(throws: SafeTensorsError.self) { try SafeTensors(data: data) }
    #expect(error?.kind == fault.kind, "\(error.map { "\($0)" } ?? "")")
    #expect(error.map { !"\($0)".contains("\n") } ?? false, "an error is one line")
  }

  @Test(
    "A tensor of a type that is not known is passed over, and refused where it is wanted",
    arguments: ["C64", "f32"])
  func newerType(_ type: String) throws {
    let header =
      #"{"a":{"dtype":"F32","shape":[1],"data_offsets":[0,4]},"b":{"dtype":"\#(type)","shape":[3],"data_offsets":[4,9]}}"#
    let file = try SafeTensors(data: Self.file(Array(header.utf8), byteCount: 9))
    #expect(file.names == ["a"] && file.contains("b") && file.unreadable == ["b": type])
    #expect(try file.floats("a") == [0])
    let error = #expect(throws: SafeTensorsError.self) { try file.floats("b") }
    #expect(error?.kind == .unknownType && error?.message.contains(type) == true)
    // Its bytes must still be at a valid place.
    let hole = header.replacing("[4,9]", with: "[5,9]")
    let damage = #expect(throws: SafeTensorsError.self) {
      try SafeTensors(data: Self.file(Array(hole.utf8), byteCount: 9))
    }
    #expect(damage?.kind == .badOffsets)
  }

  @Test("Sound but unusual headers are read")
  func accepted() throws {
    let odd = #"{ "a" : {"shape" : [ ], "data_offsets":[0, 4],"dtype":"\u00463\u0032"} ,"#
    let more = #""\ud83d\ude42":{"dtype":"U8","shape":[0],"data_offsets":[4,4]}} "# + "\n"
    let file = try SafeTensors(data: Self.file(Array((odd + more).utf8), byteCount: 4))
    #expect(file.names == ["a", "🙂"])
    #expect(try file.floats("a") == [0])
    #expect(try file.tensor("🙂").shape == [0])
    let late = Self.tensors(("[1]", "[4,8]"), ("[1]", "[0,4]"), ("[0]", "[4,4]"))
    #expect(try SafeTensors(data: Self.file(Array(late.utf8), byteCount: 8)).names == ["a", "b", "c"])
  }

  @Test("Lengths out of bounds are refused")
  func lengths() {
    func kind(_ data: Data) -> SafeTensorsError.Kind? {
      #expect(throws: SafeTensorsError.self) { try SafeTensors(data: data) }?.kind
    }
    func length(_ value: UInt64) -> Data {
      withUnsafeBytes(of: value.littleEndian) { Data($0) } + Data("{}".utf8)
    }
    #expect(kind(Data()) == .badLength)
    #expect(kind(length(2).prefix(7)) == .badLength)
    #expect(kind(length(3)) == .badLength)
    #expect(kind(length(.max)) == .badLength)
    #expect(kind(length(UInt64(Int64.max))) == .badLength)
    #expect(kind(length(1)) == .badHeader)
    // Over the limit even if the file is long enough.
    let long = Self.file(Array("{}".utf8) + [UInt8](repeating: 0x20, count: 99_999_999))
    #expect(kind(long) == .badLength)
    // PyTorch's own format.
    #expect(kind(Data([0x50, 0x4B, 3, 4, 0, 0, 0, 0, 0])) == .badHeader)
  }

  @Test("A header that is not UTF-8 is refused")
  func encoding() {
    for bytes: [UInt8] in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xE2, 0x82]] {
      let header = Array(#"{"__metadata__":{"a":""#.utf8) + bytes + Array(#""}}"#.utf8)
      let error = #expect(throws: SafeTensorsError.self) { try SafeTensors(data: Self.file(header)) }
      #expect(error?.kind == .badHeader)
    }
  }

  @Test("No file cut off anywhere is read, and no changed byte brings the reader down")
  func damage() throws {
    var file = SafeTensors()
    file.metadata = ["k": "v"]
    try file.add("w", shape: [2, 2], floats: [1, 2, 3, 4])
    try file.add("n", shape: [1], values: [UInt64(5)])
    let bytes = file.serialized()
    for length in 0..<bytes.count {
      #expect(throws: SafeTensorsError.self) { try SafeTensors(data: bytes.prefix(length)) }
    }
    for index in bytes.indices {
      for change: UInt8 in [0x01, 0x20, 0x80, 0xFF] {
        var damaged = bytes
        damaged[index] ^= change
        _ = try? SafeTensors(data: damaged)
      }
    }
  }
}
