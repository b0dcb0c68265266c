import ArgumentParser
import Backends
import Foundation
import Programs

/// The device to run on.
struct DeviceOptions: ParsableArguments {
  @Option(help: ArgumentHelp("The device: \(DeviceChoice.allowed).", valueName: "device"))
  var device = "auto"

  @OptionGroup var threads: ThreadOptions

  /// Opens the device and prints which it is and why; `isAside`: to standard error. If `processes` of this machine work
  /// together, the CPU backend by default takes one process's share of the threads.
  ///
  /// Throws: `DeviceError`, `UsageError`.
  func open(isAside: Bool, sharedBy processes: Int = 1) throws -> any Backend {
    let threads =
      try threads.checked() ?? (processes > 1 ? DeviceCatalog.defaultThreads(sharedBy: processes) : nil)
    let chosen = try DeviceCatalog(threads: threads).open(DeviceChoice(device))
    let facts = chosen.backend.device
    let line = "device: \(facts.identifier) · \(facts.name) · \(facts.size) (\(chosen.reason))"
    Console.tell(line, isAside: isAside)
    return chosen.backend
  }
}

/// Several devices, for commands that compare them.
struct DevicesOptions: ParsableArguments {
  @Option(
    parsing: .upToNextOption,
    help: ArgumentHelp(
      "The devices: \(DeviceChoice.allowed) (default: all that pass their probe).", valueName: "device"))
  var device: [String] = []

  @OptionGroup var threads: ThreadOptions

  /// Opens the devices; skipped ones are reported on standard error.
  ///
  /// Throws: `DeviceError`, `UsageError`.
  func open() throws -> [any Backend] {
    try DeviceCatalog(threads: threads.checked()).open(device.map { try DeviceChoice($0) }) { name, reason in
      Console.warn("skipped \(name): \(reason)")
    }
  }
}

/// Threads of the CPU backend.
struct ThreadOptions: ParsableArguments {
  @Option(
    help:
      "Threads of the CPU backend (default: one per available core); affects speed, never results.")
  var threads: Int?

  /// The number, range-checked.
  func checked() throws -> Int? {
    try require("--threads", threads, in: 1...1024)
    return threads
  }

  /// The number for work on the host: as given, or one per available core.
  func count() throws -> Int { try checked() ?? DeviceCatalog.defaultThreads }
}
