import COpenCL
import Numerics
import Programs

/// A device with its context and its one in-order queue.
///
/// Sendable: handles do not change, and OpenCL's queue may be used from any thread.
final class OpenCLContext: @unchecked Sendable {
  let device: OpenCLDevice
  let library: OpenCLLibrary
  let handle: OpaquePointer
  let queue: OpaquePointer
  /// How large groups may be on the device.
  let groupLimit: GroupLimit
  /// An artificial limit for every kernel.
  let kernelGroupLimit: Int?

  /// The device's name in error messages.
  var deviceName: String { "\(device.info.identifier) (\(device.info.name))" }

  init(_ device: OpenCLDevice, _ settings: OpenCLSettings) throws {
    self.device = device
    groupLimit = device.groupLimit.cut(to: settings.groupLimit)
    kernelGroupLimit = settings.kernelGroupLimit
    library = device.library
    let name = "\(device.info.identifier) (\(device.info.name))"
    var status: cl_int = 0
    var handles: [OpaquePointer?] = [device.handle]
    guard let context = library.createContext(nil, 1, &handles, nil, nil, &status) else {
      throw OpenCLError("clCreateContext", status, device: name)
    }
    guard let queue = library.createCommandQueue(context, device.handle, 0, &status) else {
      _ = library.releaseContext(context)
      throw OpenCLError("clCreateCommandQueue", status, device: name)
    }
    ArithmeticMode.establish()
    handle = context
    self.queue = queue
  }

  deinit {
    _ = library.finish(queue)
    _ = library.releaseCommandQueue(queue)
    _ = library.releaseContext(handle)
  }

  /// Waits until all work is done.
  func finish() throws { try check(library.finish(queue), "clFinish", device: deviceName) }
}

/// A piece of device memory: a buffer, or part of one.
///
/// Sendable: the handle does not change; parts are made by one thread, while a program is prepared.
final class DeviceMemory: @unchecked Sendable {
  let context: OpenCLContext
  let handle: OpaquePointer
  let byteCount: Int
  /// Keeps alive the buffer that this is a part of.
  private let owner: DeviceMemory?
  /// Keeps alive the part that was made before this one, so that parts are released in reverse order of creation:
  /// NVIDIA's driver (580) crashes in most other orders.
  private let previous: DeviceMemory?
  /// The latest part made of this buffer.
  private weak var latestPart: DeviceMemory?

  /// `byteCount` bytes of zeros.
  init(_ context: OpenCLContext, _ name: String, byteCount: Int) throws {
    self.context = context
    self.byteCount = Swift.max(byteCount, 16)
    (owner, previous) = (nil, nil)
    let library = context.library
    var status: cl_int = 0
    guard
      let handle = library.createBuffer(
        context.handle, UInt64(CL_MEM_READ_WRITE), self.byteCount, nil, &status)
    else {
      throw Self.failure("clCreateBuffer", status, context, name, self.byteCount)
    }
    self.handle = handle
    var zero: UInt8 = 0
    let filled = library.enqueueFillBuffer(context.queue, handle, &zero, 1, 0, self.byteCount, 0, nil, nil)
    // Some drivers allocate the memory only on first use.
    if filled != CL_SUCCESS {
      throw Self.failure("clEnqueueFillBuffer", filled, context, name, self.byteCount)
    }
  }

  private static func failure(
    _ call: String, _ status: cl_int, _ context: OpenCLContext, _ name: String, _ bytes: Int
  ) -> any Error {
    ArithmeticMode.establish()
    guard [CL_MEM_OBJECT_ALLOCATION_FAILURE, CL_OUT_OF_HOST_MEMORY, CL_INVALID_BUFFER_SIZE].contains(status)
    else {
      return OpenCLError(call, status, device: context.deviceName, details: "\(name), \(bytes) bytes")
    }
    let device = context.device
    return NotEnoughMemory(
      name, needed: bytes,
      "and \(context.deviceName) has none (\(OpenCLError.name(status)); its memory is \(device.memoryBytes) bytes, its largest "
        + "buffer \(device.largestBufferBytes))")
  }

  /// Part of another buffer, at least one byte.
  init(_ owner: DeviceMemory, _ name: String, at offset: Int, byteCount: Int) throws {
    context = owner.context
    self.owner = owner
    previous = owner.latestPart
    self.byteCount = byteCount
    var region = cl_buffer_region(origin: offset, size: byteCount)
    var status: cl_int = 0
    guard
      let handle = context.library.createSubBuffer(
        owner.handle, UInt64(CL_MEM_READ_WRITE), cl_uint(CL_BUFFER_CREATE_TYPE_REGION), &region, &status)
    else {
      throw OpenCLError(
        "clCreateSubBuffer", status, device: context.deviceName,
        details: "\(name), \(byteCount) bytes at \(offset)")
    }
    self.handle = handle
    owner.latestPart = self
  }

  deinit {
    _ = context.library.releaseMemObject(handle)
    owner?.latestPart = previous
  }

  /// Copies `bytes` to the device; if blocking, waits until they have been copied.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int, isBlocking: Bool = true) throws {
    guard bytes.count > 0 else { return }
    try check(
      context.library.enqueueWriteBuffer(
        context.queue, handle, isBlocking ? 1 : 0, offset, bytes.count, bytes.baseAddress, 0, nil, nil),
      "clEnqueueWriteBuffer", device: context.deviceName, "\(bytes.count) bytes at \(offset) of \(byteCount)")
  }

  /// Copies from the device after all earlier work.
  func read(at offset: Int, into bytes: UnsafeMutableRawBufferPointer) throws {
    guard bytes.count > 0 else { return }
    try check(
      context.library.enqueueReadBuffer(
        context.queue, handle, 1, offset, bytes.count, bytes.baseAddress, 0, nil, nil),
      "clEnqueueReadBuffer", device: context.deviceName, "\(bytes.count) bytes at \(offset) of \(byteCount)")
  }

  /// Words of the buffer, for small ones.
  func words(count: Int) throws -> [UInt32] {
    var words = [UInt32](repeating: 0, count: count)
    try words.withUnsafeMutableBytes { try read(at: 0, into: $0) }
    return words
  }
}
