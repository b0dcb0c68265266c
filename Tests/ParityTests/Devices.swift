import CPUBackend
import Foundation
import Models
import OpenCLBackend
import Parity
import Programs

/// The CPU with so many threads.
func cpu(_ threads: Int) throws -> any Backend { try CPUBackend(threads: threads) }

/// The OpenCL devices of this machine.
enum OpenCLDevices {
  static let all = OpenCLBackend.available().devices
  /// Tests run where there is a device, and fail without one where CI asks for it.
  static let areWanted =
    !all.isEmpty || ProcessInfo.processInfo.environment["FACSIMILE_REQUIRE_OPENCL"] == "1"

  /// Every device, its work cut up as `options` says; nil: as usual.
  static func backends(_ options: LaunchOptions? = nil) throws -> [any Backend] {
    try all.map { try OpenCLBackend($0, options: options, settings: OpenCLSettings(cacheFolder: nil)) }
  }
}

/// Cases that comparing one device with the first is made of.
func caseCount(_ models: [ModelKind]) throws -> Int {
  try models.reduce(OperationCase.all.count) { try $0 + ModelCase.all(of: $1, seed: 0).count }
}
