import COpenCL
import Synchronization

/// A program built for one device, from a cached binary if there is one, otherwise from its sources.
///
/// Binaries are cached after the first launches, since some implementations (PoCL) compile a kernel only when it is
/// launched with its work-group size; and again after launches of kernels that the binary lacks.
///
/// Sendable: handles do not change; the set of launched kernels is guarded by a lock.
final class CompiledProgram: @unchecked Sendable {
  let context: OpenCLContext
  let handle: OpaquePointer
  /// Whether it came from the cache.
  let isFromCache: Bool
  private let cache: ProgramCache?
  private let fileName: String
  private let launched: Mutex<Launched>

  private struct Launched {
    var now: Set<String> = []
    var kept: Set<String> = []
  }

  init(
    _ context: OpenCLContext, _ sources: [(name: String, text: [UInt8])], options: String,
    cache: ProgramCache?
  ) throws {
    self.context = context
    self.cache = cache
    fileName = ProgramCache.key(context.device, options: options, sources: sources) + ".bin"
    if let cache, let entry = cache.load(fileName).flatMap(CacheEntry.init) {
      if let handle = Self.build(context, binary: entry.binary, options: options) {
        self.handle = handle
        isFromCache = true
        launched = Mutex(Launched(now: entry.launched, kept: entry.launched))
        return
      }
      cache.remove(fileName)
    }
    handle = try Self.build(context, sources, options: options)
    isFromCache = false
    launched = Mutex(Launched())
  }

  deinit { _ = context.library.releaseProgram(handle) }

  /// Records that a kernel is about to be launched with a work-group size.
  func willLaunch(_ name: String) { launched.withLock { _ = $0.now.insert(name) } }

  /// Caches the binary if kernels were launched that the cached one may lack. Called when the queue is empty.
  func keepBinary() {
    guard let cache else { return }
    let names: Set<String>? = launched.withLock { launched in
      guard launched.now != launched.kept else { return nil }
      launched.kept = launched.now
      return launched.now
    }
    guard let names, let binary = binary() else { return }
    cache.store(CacheEntry(launched: names, binary: binary).bytes, as: fileName)
  }

  private func binary() -> [UInt8]? {
    let library = context.library
    var size = 0
    let word = MemoryLayout<Int>.size
    guard
      library.getProgramInfo(handle, cl_uint(CL_PROGRAM_BINARY_SIZES), word, &size, nil) == CL_SUCCESS,
      size > 0
    else { return nil }
    var bytes = [UInt8](repeating: 0, count: size)
    let status = bytes.withUnsafeMutableBufferPointer { buffer in
      var pointer = buffer.baseAddress
      return library.getProgramInfo(
        handle, cl_uint(CL_PROGRAM_BINARIES), MemoryLayout<UnsafeMutablePointer<UInt8>?>.size, &pointer, nil)
    }
    return status == CL_SUCCESS ? bytes : nil
  }

  private static func build(_ context: OpenCLContext, binary: [UInt8], options: String) -> OpaquePointer? {
    let library = context.library
    var devices: [OpaquePointer?] = [context.device.handle]
    var (length, status, binaryStatus) = (binary.count, cl_int(0), cl_int(0))
    let handle = binary.withUnsafeBufferPointer { buffer in
      var pointer = buffer.baseAddress
      return library.createProgramWithBinary(
        context.handle, 1, &devices, &length, &pointer, &binaryStatus, &status)
    }
    guard let handle else { return nil }
    if status == CL_SUCCESS, binaryStatus == CL_SUCCESS,
      library.buildProgram(handle, 1, &devices, options, nil, nil) == CL_SUCCESS
    {
      return handle
    }
    _ = library.releaseProgram(handle)
    return nil
  }

  private static func build(
    _ context: OpenCLContext, _ sources: [(name: String, text: [UInt8])], options: String
  ) throws -> OpaquePointer {
    let library = context.library
    // One allocation for all texts; the pointers into it are passed together.
    let all = sources.flatMap(\.text).map { CChar(bitPattern: $0) }
    let lengths = sources.map(\.text.count)
    var status: cl_int = 0
    let handle = all.withUnsafeBufferPointer { buffer in
      var next = buffer.baseAddress!
      var pointers: [UnsafePointer<CChar>?] = []
      for length in lengths {
        pointers.append(next)
        next += length
      }
      return library.createProgramWithSource(
        context.handle, cl_uint(lengths.count), &pointers, lengths, &status)
    }
    guard let handle else {
      throw OpenCLError("clCreateProgramWithSource", status, device: context.deviceName)
    }
    var devices: [OpaquePointer?] = [context.device.handle]
    let built = library.buildProgram(handle, 1, &devices, options, nil, nil)
    if built == CL_SUCCESS { return handle }
    let log = buildLog(context, handle)
    _ = library.releaseProgram(handle)
    throw OpenCLError(
      "clBuildProgram", built, device: context.deviceName,
      details: "options \(options), sources \(sources.map(\.name).joined(separator: " "))", buildLog: log)
  }

  private static func buildLog(_ context: OpenCLContext, _ program: OpaquePointer) -> String? {
    let (library, device) = (context.library, context.device.handle)
    var size = 0
    let log = cl_uint(CL_PROGRAM_BUILD_LOG)
    guard library.getProgramBuildInfo(program, device, log, 0, nil, &size) == CL_SUCCESS else { return nil }
    var bytes = [UInt8](repeating: 0, count: size)
    guard library.getProgramBuildInfo(program, device, log, size, &bytes, nil) == CL_SUCCESS else {
      return nil
    }
    return String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
}

/// A program in the cache: a line with the names of the kernels launched so far, then the binary.
struct CacheEntry {
  let launched: Set<String>
  let binary: [UInt8]

  init(launched: Set<String>, binary: [UInt8]) {
    self.launched = launched
    self.binary = binary
  }

  init?(_ bytes: [UInt8]) {
    guard let end = bytes.firstIndex(of: 10) else { return nil }
    let names = String(decoding: bytes[..<end], as: UTF8.self)
    launched = Set(names.split(separator: " ").map(String.init))
    binary = Array(bytes[(end + 1)...])
  }

  var bytes: [UInt8] { Array((launched.sorted().joined(separator: " ") + "\n").utf8) + binary }
}
