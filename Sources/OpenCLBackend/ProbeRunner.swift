import COpenCL
import Kernels

/// Launches the kernels of the probe.
struct ProbeRunner {
  private let context: OpenCLContext
  private let program: CompiledProgram
  private let lanes: Int

  init(_ context: OpenCLContext, _ program: CompiledProgram, lanes: Int) {
    self.context = context
    self.program = program
    self.lanes = lanes
  }

  /// The device's result words for a test.
  func run(_ test: ProbeTest) throws -> [UInt32] {
    let results = try memory([UInt32](repeating: 0, count: test.expected.count))
    let x = test.floats.map(\.x.bitPattern)
    let integers = test.integers.map { UInt32(bitPattern: $0) }
    switch test.kernel {
    case .arithmetic, .arithmeticScalar:
      let y = try memory(test.floats.map(\.y.bitPattern))
      let z = try memory(test.floats.map(\.z.bitPattern))
      let items = test.kernel == .arithmetic ? test.count / lanes : test.count
      try launch(test, [try memory(x), y, z, results], [UInt32(test.operation)], items)
    case .function:
      try launch(test, [try memory(x), results], [UInt32(test.operation)], test.count / lanes)
    case .integers:
      try launch(
        test, [try memory(integers), try memory(x), results], [UInt32(test.count)], test.count / lanes)
    case .random:
      let (key, key2) = (ProbeTest.randomKey & 0xffff_ffff, ProbeTest.randomKey >> 32)
      let words = [
        UInt32(key), UInt32(key2), ProbeTest.randomStream, ProbeTest.randomEpoch, ProbeTest.randomQuad,
        UInt32(test.count),
      ]
      try launch(test, [try memory(integers), results], words, test.count / lanes)
    case .sums:
      let items = lanes == 1 ? 8 : 1
      try launch(test, [try memory(x), results], [UInt32(test.count)], items, group: items)
    }
    return try results.words(count: test.expected.count)
  }

  private func memory(_ words: [UInt32]) throws -> DeviceMemory {
    let memory = try DeviceMemory(context, "probe", byteCount: 4 * words.count)
    try words.withUnsafeBytes { try memory.write($0, at: 0) }
    return memory
  }

  private func launch(
    _ test: ProbeTest, _ buffers: [DeviceMemory], _ words: [UInt32], _ items: Int, group: Int = 1
  ) throws {
    let (library, name) = (context.library, test.kernel.rawValue)
    var status: cl_int = 0
    guard let kernel = library.createKernel(program.handle, name, &status) else {
      throw OpenCLError("clCreateKernel", status, device: context.deviceName, details: "kernel \(name)")
    }
    defer { _ = library.releaseKernel(kernel) }
    if group > 1, try context.groupLimit(of: kernel, name).holdsLanes == false {
      throw LanesDoNotFit(kernel: name, device: context.deviceName)
    }
    for (index, buffer) in buffers.enumerated() {
      var handle: OpaquePointer? = buffer.handle
      let status = library.setKernelArg(
        kernel, cl_uint(index), MemoryLayout<OpaquePointer?>.size, &handle)
      try check(status, "clSetKernelArg", device: context.deviceName, "kernel \(name), argument \(index)")
    }
    for (index, value) in words.enumerated() {
      var word = value
      let place = cl_uint(buffers.count + index)
      let status = library.setKernelArg(kernel, place, 4, &word)
      try check(status, "clSetKernelArg", device: context.deviceName, "kernel \(name), argument \(place)")
    }
    try check(
      library.enqueueNDRangeKernel(context.queue, kernel, 1, nil, [items], [group], 0, nil, nil),
      "clEnqueueNDRangeKernel", device: context.deviceName, "kernel \(name), \(items) items")
    try context.finish()
  }
}
