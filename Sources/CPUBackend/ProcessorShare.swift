import CSystem
import Foundation

/// How much of the machine this process may use: what decides the default number of threads.
package struct ProcessorShare: Sendable, Equatable {
  /// Processors of the machine that are switched on.
  package let processors: Int
  /// Processors that this process may run on.
  package let allowed: Int
  /// Processors' worth of time that its control group may use; nil for no limit.
  package let quota: Double?

  /// The share of this process.
  package static let here = ProcessorShare(
    processors: ProcessInfo.processInfo.processorCount, allowed: Int(facsimile_allowed_processors()),
    quota: ControlGroup().quota)

  /// What is known of a machine and a process: see the properties.
  package init(processors: Int, allowed: Int, quota: Double?) {
    self.processors = max(processors, 1)
    self.allowed = allowed > 0 ? allowed : self.processors
    self.quota = quota
  }

  /// Threads where none are asked for: one for each processor that may be used, a part of one counting as one.
  package var threads: Int {
    let count = quota.map { min(Double(allowed), $0.rounded(.up)) } ?? Double(allowed)
    return min(max(Int(count), 1), 1024)
  }

  /// Why these are fewer than the machine's processors; nil where they are not.
  package var limit: String? {
    guard threads < processors else { return nil }
    if let quota, quota.rounded(.up) < Double(allowed) {
      return "the control group's quota is \(Self.text(quota)) of \(processors) processors"
    }
    return "this process may run on \(allowed) of \(processors) processors"
  }

  private static func text(_ value: Double) -> String {
    let hundredths = Int((value * 100).rounded())
    return hundredths % 100 == 0 ? "\(hundredths / 100)" : "\(Double(hundredths) / 100)"
  }
}

/// What the kernel's control groups, of version 2 or 1, allow this process of the processors.
package struct ControlGroup {
  /// In front of every path; empty but in tests.
  let root: String

  /// The groups that the files of `/proc` and `/sys` below `root` tell of.
  package init(root: String = "") { self.root = root }

  /// The lowest quota of the group and those above it, in processors; nil for none.
  package var quota: Double? {
    var lowest: Double?
    for place in places {
      // From the group up to where its controller is mounted: each level may have a limit of its own.
      var path = place.group
      while true {
        let folder = root + place.mount + path
        if let quota = place.isVersion2 ? Self.quota2(folder) : Self.quota1(folder) {
          lowest = min(lowest ?? quota, quota)
        }
        if path.isEmpty { break }
        path = String(path[..<(path.lastIndex(of: "/") ?? path.startIndex)])
      }
    }
    return lowest
  }

  private struct Place {
    let mount: String
    /// Below the mount: empty, or begins with a slash.
    let group: String
    let isVersion2: Bool
  }

  /// Where the groups of this process lie, by `/proc/self/cgroup` (`ID:CONTROLLERS:PATH`) and `mountinfo`.
  private var places: [Place] {
    let mounts = Self.lines(root + "/proc/self/mountinfo").compactMap(Mount.init)
    return Self.lines(root + "/proc/self/cgroup").compactMap { line in
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { return nil }
      let isVersion2 = fields[1].isEmpty
      guard isVersion2 || fields[1].split(separator: ",").contains("cpu"),
        let mount = mounts.first(where: {
          isVersion2 ? $0.type == "cgroup2" : $0.type == "cgroup" && $0.options.contains("cpu")
        })
      else { return nil }
      // In a container the mount may begin at the container's own group.
      var group = String(fields[2])
      if mount.root != "/", group == mount.root || group.hasPrefix(mount.root + "/") {
        group = String(group.dropFirst(mount.root.count))
      }
      return Place(mount: mount.point, group: group == "/" ? "" : group, isVersion2: isVersion2)
    }
  }

  private struct Mount {
    let root: String
    let point: String
    let type: Substring
    let options: Set<Substring>

    /// `36 35 98:0 /root /point options … - type source super,options`
    init?(_ line: Substring) {
      let fields = line.split(separator: " ")
      guard let dash = fields.firstIndex(of: "-"), dash >= 6, fields.count > dash + 3 else { return nil }
      (root, point, type) = (String(fields[3]), String(fields[4]), fields[dash + 1])
      options = Set(fields[dash + 3].split(separator: ","))
    }
  }

  /// `cpu.max`: `QUOTA PERIOD` in microseconds, or `max PERIOD`.
  private static func quota2(_ folder: String) -> Double? {
    let fields = lines(folder + "/cpu.max").first?.split(separator: " ") ?? []
    return ratio(fields.first, fields.dropFirst().first)
  }

  /// `cpu.cfs_quota_us`, −1 for none, and `cpu.cfs_period_us`.
  private static func quota1(_ folder: String) -> Double? {
    ratio(lines(folder + "/cpu.cfs_quota_us").first, lines(folder + "/cpu.cfs_period_us").first)
  }

  private static func ratio(_ quota: Substring?, _ period: Substring?) -> Double? {
    guard let quota = quota.flatMap({ Double($0) }), let period = period.flatMap({ Double($0) }), quota > 0,
      period > 0
    else { return nil }
    return quota / period
  }

  private static func lines(_ path: String) -> [Substring] {
    let text = try? String(contentsOfFile: path, encoding: .utf8)
    return text?.split(separator: "\n") ?? []
  }
}
