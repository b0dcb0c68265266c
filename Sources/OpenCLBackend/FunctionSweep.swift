import COpenCL
import Kernels
import Numerics
import Programs

extension OpenCLBackend: FunctionSweep {
  /// Builds `elementary_apply` (once) and launches it, ``LaunchOptions/lanes`` inputs per work-item.
  package func sweep(_ function: ElementaryFunction, first: UInt32, count: Int) throws -> [UInt32] {
    let program = try compiledSweep()
    let (library, name) = (context.library, "elementary_apply")
    var status: cl_int = 0
    guard let kernel = library.createKernel(program.handle, name, &status) else {
      throw OpenCLError("clCreateKernel", status, device: context.deviceName, details: "kernel \(name)")
    }
    defer { _ = library.releaseKernel(kernel) }
    let results = try DeviceMemory(context, "sweep", byteCount: 4 * count)
    var handle: OpaquePointer? = results.handle
    var (start, code) = (first, function.code)
    for status in [
      library.setKernelArg(kernel, 0, MemoryLayout<OpaquePointer?>.size, &handle),
      library.setKernelArg(kernel, 1, 4, &start), library.setKernelArg(kernel, 2, 4, &code),
    ] {
      try check(status, "clSetKernelArg", device: context.deviceName, "kernel \(name)")
    }
    let items = count / options.lanes
    try check(
      library.enqueueNDRangeKernel(context.queue, kernel, 1, nil, [items], [1], 0, nil, nil),
      "clEnqueueNDRangeKernel", device: context.deviceName, "kernel \(name), \(items) items")
    try context.finish()
    return try results.words(count: count)
  }
}
