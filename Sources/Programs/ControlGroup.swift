/// The limits of the process's control groups (version 1 or 2).
package struct ControlGroup {
  /// Prefix of every path; empty except in tests.
  let root: String

  /// The groups described by `/proc` and `/sys` below `root`.
  package init(root: String = "") { self.root = root }

  /// The lowest quota of the group and those above it, in processors; nil for none.
  package var quota: Double? {
    levels("cpu").compactMap { $0.isVersion2 ? Self.quota2($0.folder) : Self.quota1($0.folder) }.min()
  }

  /// The fewest bytes of memory that the group and those above it have left; nil for no limit.
  package var memoryLeft: Int? {
    levels("memory").compactMap { level in
      let names =
        level.isVersion2
        ? ("memory.max", "memory.current") : ("memory.limit_in_bytes", "memory.usage_in_bytes")
      guard let most = Self.bytes("\(level.folder)/\(names.0)"),
        let used = Self.bytes("\(level.folder)/\(names.1)")
      else { return nil }
      // File caches count as used, but are released on demand.
      let cache = Self.lines(level.folder + "/memory.stat").first { $0.hasPrefix("inactive_file ") }?
        .split(separator: " ").last.flatMap { Int($0) }
      return max(0, most - used + (cache ?? 0))
    }.min()
  }

  /// The folders of the groups with `controller`, from this process's up to the mount point: each level may have
  /// its own limit.
  private func levels(_ controller: Substring) -> [(folder: String, isVersion2: Bool)] {
    places(controller).flatMap { place in
      let names = place.group.split(separator: "/")
      return (0...names.count).reversed().map { count in
        (
          ([root + place.mount] + names.prefix(count).map(String.init)).joined(separator: "/"),
          place.isVersion2
        )
      }
    }
  }

  private struct Place {
    let mount: String
    /// Path below the mount point: empty, or begins with a slash.
    let group: String
    let isVersion2: Bool
  }

  /// The folders of this process's groups, from `/proc/self/cgroup` (`ID:CONTROLLERS:PATH`) and `mountinfo`.
  private func places(_ controller: Substring) -> [Place] {
    let mounts = Self.lines(root + "/proc/self/mountinfo").compactMap(Mount.init)
    return Self.lines(root + "/proc/self/cgroup").compactMap { line in
      let fields = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard fields.count == 3 else { return nil }
      let isVersion2 = fields[1].isEmpty
      guard isVersion2 || fields[1].split(separator: ",").contains(controller),
        let mount = mounts.first(where: {
          isVersion2 ? $0.type == "cgroup2" : $0.type == "cgroup" && $0.options.contains(controller)
        })
      else { return nil }
      // In a container the mount may start at the container's group.
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

  /// Nil for `max` and for more than any machine has.
  private static func bytes(_ path: String) -> Int? {
    lines(path).first.flatMap { Int($0) }.flatMap { $0 < 1 << 60 ? $0 : nil }
  }

  private static func lines(_ path: String) -> [Substring] {
    let text = try? String(contentsOfFile: path, encoding: .utf8)
    return text?.split(separator: "\n") ?? []
  }
}
