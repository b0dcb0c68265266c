import CPUBackend
import Foundation
import OpenCLBackend
import Programs

/// The CPU with this number of threads.
package func cpu(_ threads: Int) throws -> any Backend { try CPUBackend(threads: threads) }

/// The OpenCL devices that tests run on.
package enum TestDevices {
  /// The devices of this machine.
  package static let discovery = OpenCLBackend.available()
  package static let areThere = !discovery.devices.isEmpty
  package static let isRequired = ProcessInfo.processInfo.environment["FACSIMILE_REQUIRE_OPENCL"] == "1"
  /// Tests run if there is a device, and fail without one if CI requires it.
  package static let areWanted = areThere || isRequired

  /// The cache of compiled programs: a folder of this test run, so that no test depends on earlier runs.
  package static let cacheFolder: URL = {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent(
      "facsimile-kernels-\(ProcessInfo.processInfo.processIdentifier)")
    try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    atexit { try? FileManager.default.removeItem(at: TestDevices.cacheFolder) }
    return folder
  }()
  fileprivate static let settings = OpenCLSettings(cacheFolder: cacheFolder)

  /// Every device, with its work partitioned as `options` says; nil: as usual.
  ///
  /// - Parameter fault: checks that the device fails artificially: `division,squareRoot` selects the kernels' own.
  /// - Throws: ``Missing`` if there is none; what opening a device throws.
  package static func openCL(_ options: LaunchOptions? = nil, fault: String? = nil) throws -> [any Backend] {
    guard areThere else { throw Missing() }
    let settings = OpenCLSettings(cacheFolder: cacheFolder, probeFault: fault)
    return try discovery.devices.map { try OpenCLBackend($0, options: options, settings: settings) }
  }

  /// Every device with every partition of work: the usual one, and others that must give the same bits.
  package static let backends = Result {
    guard areThere else { throw Missing() }
    return try discovery.devices.flatMap { device in
      try variants(device).map { try OpenCLBackend(device, options: $0, settings: settings) }
    }
  }

  private static func variants(_ device: OpenCLDevice) -> [LaunchOptions] {
    var grouped = LaunchOptions(.cpu)
    (grouped.itemGroup, grouped.span) = (4, 3)
    var narrow = LaunchOptions(.cpu)
    (narrow.lanes, narrow.imageGroup) = (8, 2)
    var small = LaunchOptions(.gpu)
    (small.imageGroup, small.itemGroup, small.laneGroup, small.span) = (8, 8, 3, 2)
    let usual = LaunchOptions(device.info.kind)
    return [usual]
      + [LaunchOptions(.cpu), grouped, narrow, LaunchOptions(.gpu), small].filter { $0 != usual }
  }

  /// There is no device.
  package struct Missing: Error, CustomStringConvertible {
    package init() {}
    package var description: String {
      "no OpenCL device, and FACSIMILE_REQUIRE_OPENCL asks for one: \(discovery.reason ?? "no reason given")"
    }
  }
}

/// A device as an argument of a test.
package struct TestDevice: Sendable, CustomStringConvertible {
  package let description: String
  private let opened: Result<any Backend, any Error>

  /// The device; throws if it could not be opened.
  package var backend: any Backend {
    get throws { try opened.get() }
  }

  private init(_ description: String, _ open: () throws -> any Backend) {
    self.description = description
    opened = Result(catching: open)
  }

  /// The CPU with two threads, and every OpenCL device.
  package static let all: [TestDevice] =
    [TestDevice("cpu") { try cpu(2) }]
    + TestDevices.discovery.devices.map { device in
      TestDevice("\(device.info.identifier) (\(device.info.name))") {
        try OpenCLBackend(device, settings: TestDevices.settings)
      }
    }
}
