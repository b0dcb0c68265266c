import CPUBackend
import Foundation
import Testing

/// How many threads there are where none are asked for.
@Suite("The share of the machine")
struct ProcessorShareTests {
  @Test(
    "One thread for each processor that may be used, a part of one counting as one",
    arguments: [
      (8, 8, nil, 8), (8, 2, nil, 2), (8, 8, 1.5, 2), (8, 8, 0.25, 1), (8, 1, 4, 1), (8, 4, 16, 4),
      (8, 0, nil, 8),
    ] as [(Int, Int, Double?, Int)])
  func threads(_ processors: Int, _ allowed: Int, _ quota: Double?, _ expected: Int) {
    let share = ProcessorShare(processors: processors, allowed: allowed, quota: quota)
    #expect(share.threads == expected)
    #expect((share.limit == nil) == (expected == processors))
    if let quota, quota.rounded(.up) < Double(share.allowed) {
      #expect(share.limit?.contains("quota") == true)
    }
  }

  @Test("This process has threads, and no more than the machine has processors")
  func here() {
    #expect((1...ProcessorShare.here.processors).contains(ProcessorShare.here.threads))
  }

  /// The quota of a process whose system has these files.
  private func quota(_ files: [String: String]) throws -> Double? {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("facsimile-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    for (name, text) in files {
      let file = root.appendingPathComponent(name)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    return ControlGroup(root: root.path).quota
  }

  private static let version2 =
    "30 23 0:26 / /sys/fs/cgroup rw,nosuid shared:4 - cgroup2 cgroup2 rw,nsdelegate\n"

  @Test("Version 2: the lowest quota on the way up")
  func second() throws {
    var files = ["proc/self/cgroup": "0::/a/b\n", "proc/self/mountinfo": Self.version2]
    #expect(try quota(files) == nil)
    files["sys/fs/cgroup/a/b/cpu.max"] = "max 100000\n"
    #expect(try quota(files) == nil)
    files["sys/fs/cgroup/a/b/cpu.max"] = "350000 100000\n"
    #expect(try quota(files) == 3.5)
    files["sys/fs/cgroup/a/cpu.max"] = "50000 100000\n"
    #expect(try quota(files) == 0.5)
    files["sys/fs/cgroup/a/cpu.max"] = "nonsense"
    #expect(try quota(files) == 3.5)
  }

  @Test("Version 1, from inside a container whose mount is its own group")
  func first() throws {
    let files = [
      "proc/self/cgroup": "5:memory:/docker/x\n3:cpu,cpuacct:/docker/x\n",
      "proc/self/mountinfo":
        "40 30 0:33 /docker/x /sys/fs/cgroup/cpu,cpuacct ro - cgroup cgroup rw,cpu,cpuacct\n",
      "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "200000\n",
      "sys/fs/cgroup/cpu,cpuacct/cpu.cfs_period_us": "100000\n",
    ]
    #expect(try quota(files) == 2)
    #expect(try quota(files.merging(["sys/fs/cgroup/cpu,cpuacct/cpu.cfs_quota_us": "-1\n"]) { $1 }) == nil)
    #expect(try quota([:]) == nil)
  }
}
