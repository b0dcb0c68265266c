import COpenCL

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The OpenCL loader, opened on first use: a machine without one still runs the CPU backend.
///
/// Sendable: it is immutable, and OpenCL's functions may be called from any thread (`clSetKernelArg` on one kernel
/// object from one thread at a time, which prepared programs guarantee).
final class OpenCLLibrary: @unchecked Sendable {
  typealias Status = cl_int
  typealias Handle = OpaquePointer
  typealias InfoFunction =
    @convention(c) (Handle?, cl_uint, Int, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?) -> Status
  typealias Release = @convention(c) (Handle?) -> Status
  typealias StatusPointer = UnsafeMutablePointer<Status>?

  let getPlatformIDs:
    @convention(c) (cl_uint, UnsafeMutablePointer<Handle?>?, UnsafeMutablePointer<cl_uint>?) -> Status
  let getPlatformInfo: InfoFunction
  let getDeviceIDs:
    @convention(c) (Handle?, UInt64, cl_uint, UnsafeMutablePointer<Handle?>?, UnsafeMutablePointer<cl_uint>?)
      -> Status
  let getDeviceInfo: InfoFunction
  let createContext:
    @convention(c) (
      UnsafePointer<Int>?, cl_uint, UnsafePointer<Handle?>?, UnsafeRawPointer?, UnsafeMutableRawPointer?,
      StatusPointer
    ) -> Handle?
  let releaseContext: Release
  let createCommandQueue: @convention(c) (Handle?, Handle?, UInt64, StatusPointer) -> Handle?
  let releaseCommandQueue: Release
  let createBuffer: @convention(c) (Handle?, UInt64, Int, UnsafeMutableRawPointer?, StatusPointer) -> Handle?
  let createSubBuffer: @convention(c) (Handle?, UInt64, cl_uint, UnsafeRawPointer?, StatusPointer) -> Handle?
  let releaseMemObject: Release
  let createProgramWithSource:
    @convention(c) (
      Handle?, cl_uint, UnsafeMutablePointer<UnsafePointer<CChar>?>?, UnsafePointer<Int>?, StatusPointer
    ) -> Handle?
  let createProgramWithBinary:
    @convention(c) (
      Handle?, cl_uint, UnsafePointer<Handle?>?, UnsafePointer<Int>?,
      UnsafeMutablePointer<UnsafePointer<UInt8>?>?, UnsafeMutablePointer<Status>?, StatusPointer
    ) -> Handle?
  let buildProgram:
    @convention(c) (
      Handle?, cl_uint, UnsafePointer<Handle?>?, UnsafePointer<CChar>?, UnsafeRawPointer?,
      UnsafeMutableRawPointer?
    ) -> Status
  let getProgramInfo: InfoFunction
  let getProgramBuildInfo:
    @convention(c) (
      Handle?, Handle?, cl_uint, Int, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?
    ) -> Status
  let releaseProgram: Release
  let createKernel: @convention(c) (Handle?, UnsafePointer<CChar>?, StatusPointer) -> Handle?
  let getKernelInfo: InfoFunction
  let getKernelWorkGroupInfo:
    @convention(c) (
      Handle?, Handle?, cl_uint, Int, UnsafeMutableRawPointer?, UnsafeMutablePointer<Int>?
    ) -> Status
  let setKernelArg: @convention(c) (Handle?, cl_uint, Int, UnsafeRawPointer?) -> Status
  let releaseKernel: Release
  let enqueueNDRangeKernel:
    @convention(c) (
      Handle?, Handle?, cl_uint, UnsafePointer<Int>?, UnsafePointer<Int>?, UnsafePointer<Int>?, cl_uint,
      UnsafeRawPointer?, UnsafeMutableRawPointer?
    ) -> Status
  let enqueueReadBuffer:
    @convention(c) (
      Handle?, Handle?, cl_uint, Int, Int, UnsafeMutableRawPointer?, cl_uint, UnsafeRawPointer?,
      UnsafeMutableRawPointer?
    ) -> Status
  let enqueueWriteBuffer:
    @convention(c) (
      Handle?, Handle?, cl_uint, Int, Int, UnsafeRawPointer?, cl_uint, UnsafeRawPointer?,
      UnsafeMutableRawPointer?
    ) -> Status
  let enqueueFillBuffer:
    @convention(c) (
      Handle?, Handle?, UnsafeRawPointer?, Int, Int, Int, cl_uint, UnsafeRawPointer?, UnsafeMutableRawPointer?
    ) -> Status
  let flush: Release
  let finish: Release

  /// Opens the first of `names` that exists.
  init(names: [String] = ["libOpenCL.so.1", "libOpenCL.so"]) throws {
    guard let library = names.lazy.compactMap({ dlopen($0, RTLD_NOW) }).first else {
      throw OpenCLError(unavailable: "no OpenCL library (\(names[0])) is installed")
    }
    func symbol<T>(_ name: String, as type: T.Type = T.self) throws -> T {
      guard let address = dlsym(library, name) else {
        throw OpenCLError(unavailable: "the OpenCL library has no \(name); OpenCL 1.2 is needed")
      }
      return unsafeBitCast(address, to: type)
    }
    getPlatformIDs = try symbol("clGetPlatformIDs")
    getPlatformInfo = try symbol("clGetPlatformInfo")
    getDeviceIDs = try symbol("clGetDeviceIDs")
    getDeviceInfo = try symbol("clGetDeviceInfo")
    createContext = try symbol("clCreateContext")
    releaseContext = try symbol("clReleaseContext")
    createCommandQueue = try symbol("clCreateCommandQueue")
    releaseCommandQueue = try symbol("clReleaseCommandQueue")
    createBuffer = try symbol("clCreateBuffer")
    createSubBuffer = try symbol("clCreateSubBuffer")
    releaseMemObject = try symbol("clReleaseMemObject")
    createProgramWithSource = try symbol("clCreateProgramWithSource")
    createProgramWithBinary = try symbol("clCreateProgramWithBinary")
    buildProgram = try symbol("clBuildProgram")
    getProgramInfo = try symbol("clGetProgramInfo")
    getProgramBuildInfo = try symbol("clGetProgramBuildInfo")
    releaseProgram = try symbol("clReleaseProgram")
    createKernel = try symbol("clCreateKernel")
    getKernelInfo = try symbol("clGetKernelInfo")
    getKernelWorkGroupInfo = try symbol("clGetKernelWorkGroupInfo")
    setKernelArg = try symbol("clSetKernelArg")
    releaseKernel = try symbol("clReleaseKernel")
    enqueueNDRangeKernel = try symbol("clEnqueueNDRangeKernel")
    enqueueReadBuffer = try symbol("clEnqueueReadBuffer")
    enqueueWriteBuffer = try symbol("clEnqueueWriteBuffer")
    enqueueFillBuffer = try symbol("clEnqueueFillBuffer")
    flush = try symbol("clFlush")
    finish = try symbol("clFinish")
  }

  /// The machine's loader, or why there is none.
  static let shared = Result { try OpenCLLibrary() }
}
