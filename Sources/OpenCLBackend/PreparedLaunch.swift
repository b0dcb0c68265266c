import COpenCL
import Kernels
import Programs

/// A launch with its kernel object, all arguments set except the step.
final class PreparedLaunch {
  private let context: OpenCLContext
  private let program: CompiledProgram
  private let kernel: OpaquePointer
  private let launch: Launch
  /// The launch's grid, in groups that the kernel supports.
  private(set) var grid: Grid
  private let stepIndex: cl_uint?

  var kernelName: Kernel { launch.kernel }

  /// Throws: ``ProgramError`` if the arguments do not match the kernel's declaration, ``LanesDoNotFit`` if the kernel
  /// needs larger groups than it can have, ``OpenCLError`` if OpenCL fails.
  init(
    _ context: OpenCLContext, _ program: CompiledProgram, _ launch: Launch,
    memory: (Argument) throws -> DeviceMemory?
  ) throws {
    self.context = context
    self.program = program
    self.launch = launch
    if let fault = launch.kernel.mismatch(launch.arguments.map(\.type)) {
      throw ProgramError(launch.kernel.rawValue, fault)
    }
    var status: cl_int = 0
    guard let kernel = context.library.createKernel(program.handle, launch.kernel.rawValue, &status) else {
      throw OpenCLError(
        "clCreateKernel", status, device: context.deviceName, details: "kernel \(launch.kernel.rawValue)")
    }
    self.kernel = kernel
    grid = launch.grid
    stepIndex = launch.arguments.firstIndex { if case .step = $0 { true } else { false } }.map { cl_uint($0) }
    let name = launch.kernel.rawValue
    guard let grid = launch.grid.fitted(to: try context.groupLimit(of: kernel, name)) else {
      throw LanesDoNotFit(kernel: name, device: context.deviceName)
    }
    self.grid = grid
    let expected: UInt32 = try InfoReader(context.library.getKernelInfo, kernel, "clGetKernelInfo")
      .value(CL_KERNEL_NUM_ARGS)
    precondition(
      Int(expected) == launch.arguments.count,
      "\(launch.kernel.rawValue) takes \(expected) arguments, the launch has \(launch.arguments.count)")
    for (index, argument) in launch.arguments.enumerated() {
      try set(cl_uint(index), argument, try memory(argument))
    }
  }

  deinit { _ = context.library.releaseKernel(kernel) }

  /// Starts the kernel for row `step` of the tables.
  func enqueue(step: UInt32) throws {
    if let stepIndex { try setWord(stepIndex, step) }
    try check(
      context.library.enqueueNDRangeKernel(
        context.queue, kernel, 3, nil, grid.global, grid.local, 0, nil, nil),
      "clEnqueueNDRangeKernel")
  }

  /// Tells the program that the kernel will be launched.
  func note() {
    program.willLaunch(
      "\(launch.kernel.rawValue)/\(grid.local.map(String.init).joined(separator: "x"))")
  }

  private func set(_ index: cl_uint, _ argument: Argument, _ memory: DeviceMemory?) throws {
    switch argument {
    case .buffer, .words, .floats:
      var handle = memory?.handle
      try setBytes(index, &handle, MemoryLayout<OpaquePointer?>.size)
    case .sizes(var sizes): try setBytes(index, &sizes, MemoryLayout<MapSizes>.size)
    case .int(let value):
      var number = Int32(value)
      try setBytes(index, &number, 4)
    case .word(let value): try setWord(index, value)
    case .float(let value): try setWord(index, value.bitPattern)
    case .flag(let value): try setWord(index, value ? 1 : 0)
    case .step: try setWord(index, 0)
    }
  }

  private func setWord(_ index: cl_uint, _ value: UInt32) throws {
    var word = value
    try setBytes(index, &word, 4)
  }

  private func setBytes(_ index: cl_uint, _ bytes: UnsafeRawPointer, _ size: Int) throws {
    try check(
      context.library.setKernelArg(kernel, index, size, bytes), "clSetKernelArg", "argument \(index)")
  }

  private func check(_ status: cl_int, _ call: String, _ more: String? = nil) throws {
    guard status != CL_SUCCESS else { return }
    let facts = ["kernel \(launch.kernel.rawValue)", grid.description] + (more.map { [$0] } ?? [])
    throw OpenCLError(call, status, device: context.deviceName, details: facts.joined(separator: ", "))
  }
}
