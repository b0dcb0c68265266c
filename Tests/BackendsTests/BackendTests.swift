import Backends
import CPUBackend
import Foundation
import OpenCLBackend
import Programs
import Testing

/// What every backend guarantees the host, on every device of this machine.
@Suite("Memory of a prepared program")
struct BackendTests {
  private static let backends = Result { try DeviceCatalog(threads: 2).open([]) { _, _ in } }

  /// Runs `check` on `program` prepared by every backend.
  private func everywhere(_ program: Program, _ check: (any PreparedProgram) throws -> Void) throws {
    for backend in try Self.backends.get() { try check(try backend.prepare(program)) }
  }

  @Test("A read or write outside a buffer throws the same error on every backend")
  func outside() throws {
    var builder = ProgramBuilder()
    let buffer = builder.buffer("weights", .floats(8), .persistent)
    var other = ProgramBuilder()
    _ = other.buffer("weights", .floats(8), .persistent)
    let foreign = other.buffer("biases", .floats(8), .persistent)
    var messages: Set<String> = []
    try everywhere(builder.program()) { prepared in
      var bytes = [UInt8](repeating: 0, count: 40)
      var texts: [String] = []
      for (count, offset) in [(40, 0), (4, 32), (4, -4), (0, 33), (1, Int.max)] {
        for isRead in [true, false] {
          let error = #expect(throws: ProgramError.self, "\(count) at \(offset)") {
            try bytes.withUnsafeMutableBytes { bytes in
              let part = UnsafeMutableRawBufferPointer(rebasing: bytes[..<count])
              if isRead {
                try prepared.read(buffer, at: offset, into: part)
              } else {
                try prepared.write(UnsafeRawBufferPointer(part), to: buffer, at: offset)
              }
            }
          }
          texts.append(error?.description ?? "")
        }
      }
      let error = #expect(throws: ProgramError.self) { try prepared.write([Float(1)], to: foreign) }
      messages.insert((texts + [error?.description ?? ""]).joined(separator: "\n"))
      // Zero bytes at the end of the buffer are no error.
      try prepared.write(UnsafeRawBufferPointer(start: nil, count: 0), to: buffer, at: 32)
      #expect(try prepared.floats(buffer) == [Float](repeating: 0, count: 8))
    }
    #expect(messages.count == 1, "\(messages)")
    #expect(messages.first?.contains("40 bytes at 0 of weights, which has 32") == true)
  }

  @Test("A part of a part is a part of the whole, and an element has its own size")
  func regions() throws {
    var builder = ProgramBuilder()
    let whole = builder.buffer("whole", .floats(1024), .persistent)
    let half = builder.buffer("half", .floats(512), .region(of: whole.id, offset: 512))
    let quarter = builder.buffer("quarter", .floats(256), .region(of: half.id, offset: 256))
    let eighth = builder.buffer("eighth", .floats(128), .region(of: quarter.id, offset: 128))
    let bytes = builder.buffer("bytes", .bytes(2048), .persistent)
    let tail = builder.buffer("tail", .bytes(1024), .region(of: bytes.id, offset: 1024))
    let end = builder.buffer("end", .bytes(512), .region(of: tail.id, offset: 512))
    let program = builder.program()
    #expect(program.root(of: eighth).buffer == whole && program.root(of: eighth).offset == 896)
    try everywhere(program) { prepared in
      try prepared.write((0..<1024).map(Float.init), to: whole)
      #expect(try prepared.floats(half).first == 512)
      #expect(try prepared.floats(quarter).first == 768)
      #expect(try prepared.floats(eighth) == (896..<1024).map(Float.init))
      try prepared.write((0..<2048).map { UInt8($0 / 8) }, to: bytes)
      var last = [UInt8](repeating: 0, count: 512)
      try last.withUnsafeMutableBytes { try prepared.read(end, at: 0, into: $0) }
      #expect(last == (1536..<2048).map { UInt8($0 / 8) })
    }
  }

  @Test("Buffers of every kind may be empty")
  func empty() throws {
    var builder = ProgramBuilder()
    let constant = builder.buffer("constant", .words(0), .constant([]))
    let persistent = builder.buffer("persistent", .floats(0), .persistent)
    let whole = builder.buffer("whole", .floats(128), .persistent)
    let part = builder.buffer("part", .floats(0), .region(of: whole.id, offset: 128))
    try everywhere(builder.program()) { prepared in
      for buffer in [constant, persistent, part] {
        try prepared.write([Float](), to: buffer)
        #expect(try prepared.words(buffer).isEmpty)
      }
    }
  }

  @Test("An operation on another program's buffers is refused before it runs")
  func foreignBuffers() throws {
    var other = ProgramBuilder()
    _ = other.buffer("first", .floats(8), .persistent)
    let weight = other.buffer("weight", .parameter(.linear(outputs: 5, inputs: 7)), .persistent)
    var builder = ProgramBuilder()
    let operation = try Initialise(
      parameter: weight, random: RandomSource(seed: 3, stream: 0x100), bound: 0.25)
    builder.add(Routine(.initialise, [Programs.Operation(operation)]))
    for backend in try Self.backends.get() {
      let error = #expect(throws: ProgramError.self) { try backend.prepare(builder.program()) }
      #expect(error?.description.contains("weight is not a buffer of this program") == true)
    }
  }

  @Test("A part of a part of a transient buffer keeps that alive")
  func lives() throws {
    var builder = ProgramBuilder()
    func images(_ name: String) -> Buffer {
      builder.buffer(name, .images(batch: 16, MapShape(8, 1, 1)), .transient)
    }
    let (a, b) = (images("a"), images("b"))
    let part = builder.buffer("part", a.contents, .region(of: a.id, offset: 0))
    let inner = builder.buffer("inner", a.contents, .region(of: part.id, offset: 0))
    // `a` is written first and read last, but only through `inner`; `b` lives in between.
    builder.add(
      Routine(
        .gradients,
        [
          Programs.Operation(try ActivationForward(input: inner, output: inner, activation: .relu)),
          Programs.Operation(try ActivationForward(input: b, output: b, activation: .relu)),
          Programs.Operation(try ActivationForward(input: inner, output: inner, activation: .relu)),
        ]))
    let plan = MemoryPlan(builder.program())
    let (first, second) = (try #require(plan.offsets[a.id]), try #require(plan.offsets[b.id]))
    #expect(abs(first - second) >= a.contents.byteCount)
  }

  #if arch(x86_64)
    @Test("The processor and the system agree on what it has")
    func processor() throws {
      let text = try? String(contentsOfFile: "/proc/cpuinfo", encoding: .utf8)
      guard let line = text?.split(separator: "\n").first(where: { $0.hasPrefix("flags") }) else { return }
      let flags = Set(line.split(separator: " ").map(String.init))
      for instructions in Processor.Instructions.allCases {
        #expect(instructions.areThere == flags.contains(instructions.rawValue), "\(instructions)")
      }
    }
  #endif

  @Test("Oclgrind is known by any of its names")
  func simulator() {
    #expect(OpenCLDevice.isSimulator(["Oclgrind", "", "", ""]))
    #expect(OpenCLDevice.isSimulator(["", "", "OpenCL 1.2 (Oclgrind 21.10)", "Simulator"]))
    #expect(!OpenCLDevice.isSimulator(["Portable Computing Language", "Intel", "PoCL 3.1", "EPYC"]))
  }
}
