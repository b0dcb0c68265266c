import CPUBackend
import Foundation
import Programs
import Testing

/// The default number of threads.
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

  private func quota(_ files: [String: String]) throws -> Double? { try group(files, \.quota) }

  /// What the control group of a process says on a system with these files.
  private func group<Value>(_ files: [String: String], _ value: (ControlGroup) -> Value) throws -> Value {
    let root = FileManager.default.temporaryDirectory.appendingPathComponent("facsimile-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: root) }
    for (name, text) in files {
      let file = root.appendingPathComponent(name)
      try FileManager.default.createDirectory(
        at: file.deletingLastPathComponent(), withIntermediateDirectories: true)
      try Data(text.utf8).write(to: file)
    }
    return value(ControlGroup(root: root.path))
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

  @Test("Memory of either version: the least on the way up, without caches of files")
  func memory() throws {
    var files = [
      "proc/self/cgroup": "0::/a/b\n", "proc/self/mountinfo": Self.version2,
      "sys/fs/cgroup/a/b/memory.max": "max\n", "sys/fs/cgroup/a/b/memory.current": "700\n",
    ]
    #expect(try group(files, \.memoryLeft) == nil)
    files["sys/fs/cgroup/a/memory.max"] = "1000\n"
    files["sys/fs/cgroup/a/memory.current"] = "900\n"
    files["sys/fs/cgroup/a/memory.stat"] = "anon 1\ninactive_file 50\n"
    #expect(try group(files, \.memoryLeft) == 150)
    files["sys/fs/cgroup/a/b/memory.max"] = "720\n"
    #expect(try group(files, \.memoryLeft) == 20)
    let first = [
      "proc/self/cgroup": "5:memory:/x\n",
      "proc/self/mountinfo": "40 30 0:33 / /sys/fs/cgroup/memory ro - cgroup cgroup rw,memory\n",
      "sys/fs/cgroup/memory/x/memory.limit_in_bytes": "500\n",
      "sys/fs/cgroup/memory/x/memory.usage_in_bytes": "600\n",
    ]
    #expect(try group(first, \.memoryLeft) == 0)
  }
}
