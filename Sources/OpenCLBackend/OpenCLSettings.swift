import Foundation
import Programs
import Storage

/// How work is divided for a device. Nothing here may change a bit; tests vary all of it.
package struct LaunchOptions: Hashable, Sendable {
  /// Images that a work-item computes at once: 16 or 8 where vectors are fast, 1 on a GPU.
  package var lanes: Int
  /// Work-items of a group along images, if images are work-items.
  package var imageGroup: Int
  /// Work-items of a group along everything else.
  package var itemGroup: Int
  /// Sums that a group joins at once if lanes are work-items, at most 16.
  package var laneGroup: Int
  /// Maximum number of consecutive pixels, elements or vectors per work-item; 0: the backend's choice.
  package var span: Int

  /// The choice for a kind of device.
  package init(_ kind: DeviceInfo.Kind) {
    let isCPU = kind == .cpu
    lanes = isCPU ? 16 : 1
    imageGroup = isCPU ? 1 : 64
    itemGroup = isCPU ? 1 : 64
    laneGroup = isCPU ? 1 : 8
    span = 0
  }
}

/// The backend's caches, and artificial faults and limits for tests.
package struct OpenCLSettings: Hashable, Sendable {
  /// Cache folder for compiled programs and passed probes; nil: no cache.
  package var cacheFolder: URL?
  /// Whether compiled programs are cached there; nil: unless the implementation caches kernels itself.
  package var keepsPrograms: Bool?
  /// Names of traps, with commas, that the probe's kernels fail on purpose: such a device is refused, or if its
  /// division or square root is wrong, uses the kernels' own.
  package var probeFault: String?
  /// Maximum number of work-items in a group, as if reported by the device; nil: what it reports.
  package var groupLimit: Int?
  /// The same, as if the device reported it for every kernel after building it.
  package var kernelGroupLimit: Int?

  /// Explicit settings.
  package init(
    cacheFolder: URL?, keepsPrograms: Bool? = nil, probeFault: String? = nil, groupLimit: Int? = nil,
    kernelGroupLimit: Int? = nil
  ) {
    self.cacheFolder = cacheFolder
    self.keepsPrograms = keepsPrograms
    self.probeFault = probeFault
    self.groupLimit = groupLimit
    self.kernelGroupLimit = kernelGroupLimit
  }

  /// Settings from environment variables: `FACSIMILE_KERNEL_CACHE` (a folder, or `off`), `XDG_CACHE_HOME`, `HOME`,
  /// `FACSIMILE_PROBE_FAIL`.
  package static func environment(
    _ variables: [String: String] = ProcessInfo.processInfo.environment
  ) -> OpenCLSettings {
    OpenCLSettings(cacheFolder: folder(variables), probeFault: variables["FACSIMILE_PROBE_FAIL"])
  }

  private static func folder(_ variables: [String: String]) -> URL? {
    if let chosen = variables["FACSIMILE_KERNEL_CACHE"], !chosen.isEmpty {
      return chosen == "off" ? nil : URL(systemPath: chosen, isDirectory: true)
    }
    let base: URL
    if let cache = variables["XDG_CACHE_HOME"], cache.hasPrefix("/") {
      base = URL(systemPath: cache, isDirectory: true)
    } else if let home = variables["HOME"], !home.isEmpty {
      base = URL(systemPath: home, isDirectory: true).appendingPathComponent(".cache")
    } else {
      return nil
    }
    return base.appendingPathComponent("facsimile/kernels", isDirectory: true)
  }
}
