import Foundation
import Storage
import TestSupport
import Testing

@Suite("SafeTensors: writing and reading")
struct SafeTensorsTests {
  @Test("The bytes are exactly these")
  func exactBytes() throws {
    var file = SafeTensors()
    file.metadata = ["b": "2", "a": "é\n\"\\"]
    try file.add("w", shape: [2], floats: [1, -2])
    let header =
      #"{"__metadata__":{"a":"é\u000a\"\\","b":"2"},"w":{"dtype":"F32","shape":[2],"data_offsets":[0,8]}}"#
    let padded = header + String(repeating: " ", count: (8 - header.utf8.count % 8) % 8)
    var expected = Data([UInt8(padded.utf8.count), 0, 0, 0, 0, 0, 0, 0])
    expected += Data(padded.utf8)
    expected += Data([0, 0, 0x80, 0x3F, 0, 0, 0, 0xC0])
    #expect(file.serialized() == expected)
    #expect(try SafeTensors(data: expected) == file)
  }

  @Test("Every value type comes back bit by bit, in order, with names and text of any kind")
  func roundTrip() throws {
    var file = SafeTensors()
    let nan = Float(bitPattern: 0x7FC1_2345)
    try file.add("bytes", shape: [3], values: [0, 7, 255] as [UInt8])
    let awkward = [nan, -0.0, .infinity, .leastNonzeroMagnitude]
    try file.add("f \u{1} \"q\" \\ 🙂", shape: [2, 2], values: awkward)
    try file.add("d", shape: [1], values: [Double.pi])
    try file.add("i32", shape: [], values: [Int32.min])
    try file.add("u32", shape: [0, 5], values: [UInt32]())
    try file.add("i64", shape: [1, 1], values: [Int64.min])
    try file.add("u64", shape: [1], values: [UInt64.max])
    try file.add(.init(name: "bf", dataType: .bf16, shape: [3], data: Data([1, 2, 3, 4, 5, 6])))
    file.metadata = ["epoch": "3", "": "leer", "tab": "\t\u{7F}"]
    let back = try SafeTensors(data: file.serialized())
    #expect(back == file)
    #expect(back.names == file.names)
    #expect(try back.values("bytes", of: UInt8.self) == [0, 7, 255])
    #expect(try back.floats("f \u{1} \"q\" \\ 🙂", shape: [2, 2])[0].bitPattern == 0x7FC1_2345)
    #expect(try back.floats("f \u{1} \"q\" \\ 🙂")[1].sign == .minus)
    #expect(try back.values("d", of: Double.self) == [.pi])
    #expect(try back.values("i32", of: Int32.self) == [.min])
    #expect(try back.values("u32", of: UInt32.self).isEmpty)
    #expect(try back.values("i64", of: Int64.self) == [.min])
    #expect(try back.values("u64", of: UInt64.self) == [.max])
    #expect(back.serialized() == file.serialized())
  }

  @Test("Tensors begin at multiples of their element's size")
  func alignment() throws {
    var file = SafeTensors()
    try file.add("a", shape: [3], values: [1, 2, 3] as [UInt8])
    try file.add("b", shape: [1], values: [Double(5)])
    try file.add("c", shape: [1], values: [Float(6)])
    let bytes = file.serialized()
    let length = Int(bytes[0]) + Int(bytes[1]) << 8
    #expect(length.isMultiple(of: 8))
    let header = String(decoding: bytes[8..<8 + length], as: UTF8.self)
    #expect(header.contains(#""a":{"dtype":"U8","shape":[3],"data_offsets":[12,15]}"#))
    #expect(header.contains(#""b":{"dtype":"F64","shape":[1],"data_offsets":[0,8]}"#))
    #expect(header.contains(#""c":{"dtype":"F32","shape":[1],"data_offsets":[8,12]}"#))
    #expect(try SafeTensors(data: bytes) == file)
  }

  @Test("Nothing at all is a valid file")
  func empty() throws {
    let bytes = SafeTensors().serialized()
    #expect(bytes == Data([8, 0, 0, 0, 0, 0, 0, 0]) + Data("{}      ".utf8))
    #expect(try SafeTensors(data: bytes) == SafeTensors())
  }

  @Test("A slice of data is read from its own start")
  func slice() throws {
    var file = SafeTensors()
    try file.add("x", shape: [1], floats: [3])
    #expect(try SafeTensors(data: (Data([1, 2, 3]) + file.serialized()).dropFirst(3)) == file)
  }

  @Test("Files are written and read; errors name them")
  func files() throws {
    let folder = try TemporaryFolder()
    var file = SafeTensors()
    try file.add("x", shape: [40_000], floats: (0..<40_000).map(Float.init))
    try file.write(to: folder.file("a.safetensors"))
    #expect(try SafeTensors(contentsOf: folder.file("a.safetensors")) == file)
    try Data("nonsense".utf8).write(to: folder.file("b.safetensors"))
    let error = #expect(throws: SafeTensorsError.self) {
      try SafeTensors(contentsOf: folder.file("b.safetensors"))
    }
    #expect(error?.path == folder.file("b.safetensors").path)
    #expect(throws: FileError.self) { try SafeTensors(contentsOf: folder.file("none")) }
  }

  @Test("Tensors that cannot be are refused when added, and wrong questions when asked")
  func misuse() throws {
    func kind(_ body: () throws -> Void) -> SafeTensorsError.Kind? {
      #expect(throws: SafeTensorsError.self, performing: body)?.kind
    }
    var file = SafeTensors()
    try file.add("x", shape: [2], floats: [1, 2])
    let before = file
    #expect(kind { try file.add("x", shape: [1], floats: [1]) } == .nameTaken)
    #expect(kind { try file.add("__metadata__", shape: [1], floats: [1]) } == .nameTaken)
    #expect(kind { try file.add("y", shape: [3], floats: [1, 2]) } == .badSize)
    #expect(kind { try file.add("y", shape: [-1], floats: []) } == .badSize)
    #expect(kind { try file.add("y", shape: [.max, 2], floats: []) } == .badSize)
    #expect(kind { _ = try file.floats("y") } == .missing)
    #expect(kind { _ = try file.values("x", of: Double.self) } == .wrongType)
    #expect(kind { _ = try file.floats("x", shape: [1, 2]) } == .wrongShape)
    #expect(file == before)
    #expect(try file.tensor("x").data.count == 8)
  }
}
