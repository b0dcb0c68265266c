import COpenCL
import Programs

/// How many work-items a group may have, on a device or for one kernel.
package struct GroupLimit: Hashable, Sendable {
  /// Total number.
  package let items: Int
  /// Along each of the three dimensions.
  package let along: [Int]

  /// At most `items` in total; by default as many along each dimension.
  package init(items: Int, along: [Int]? = nil) {
    self.items = Swift.max(items, 1)
    self.along = (along ?? [items, items, items]).map { Swift.max($0, 1) }
  }

  /// This limit, or `items` if that is smaller.
  package func cut(to items: Int?) -> GroupLimit {
    GroupLimit(items: Swift.min(self.items, items ?? self.items), along: along)
  }

  /// Whether the eight lanes of a sum can be the work-items of one group.
  package var holdsLanes: Bool { items >= Blocking.lanes && along[0] >= Blocking.lanes }
}

extension LaunchOptions {
  /// These options within `limit`: smaller groups, and vectors of images if the lanes of a sum do not fit into one.
  package func fitted(to limit: GroupLimit) -> LaunchOptions {
    guard lanes > 1 || limit.holdsLanes else { return inVectors.fitted(to: limit) }
    var fitted = self
    if lanes == 1 {
      fitted.imageGroup = Swift.min(imageGroup, limit.items, limit.along[0])
      fitted.itemGroup = Swift.min(itemGroup, limit.items, limit.along[1])
      fitted.laneGroup = Swift.min(laneGroup, limit.items / Blocking.lanes, limit.along[1])
    } else {
      fitted.itemGroup = Swift.min(itemGroup, limit.items, limit.along[0])
    }
    return fitted
  }

  /// Eight images per work-item, one work-item per group: any device can run this.
  package var inVectors: LaunchOptions {
    var options = self
    (options.lanes, options.imageGroup, options.itemGroup, options.laneGroup) = (8, 1, 1, 1)
    return options
  }
}

extension Grid {
  /// The same work-items in groups that `limit` allows: halved (or reduced to the next divisor) until they fit. Nil if
  /// the lanes of a sum need larger groups than that.
  package func fitted(to limit: GroupLimit) -> Grid? {
    if lanesMeet, !limit.holdsLanes { return nil }
    var local = local
    // Lanes of a sum stay together.
    let free = lanesMeet ? 1..<3 : 0..<3
    for dimension in free {
      while local[dimension] > limit.along[dimension] { local[dimension] = Self.half(of: local[dimension]) }
    }
    while local.reduce(1, *) > limit.items {
      let largest = free.max { local[$0] < local[$1] }!
      local[largest] = Self.half(of: local[largest])
    }
    return Grid(global: global, local: local, lanesMeet: lanesMeet)
  }

  /// The largest divisor of `count` up to half of it: what groups of `count` divide, groups of this size divide too.
  private static func half(of count: Int) -> Int {
    (1...Swift.max(count / 2, 1)).last { count % $0 == 0 }!
  }
}

/// A kernel's groups cannot be large enough for the eight lanes of a sum.
struct LanesDoNotFit: Error, CustomStringConvertible {
  let kernel: String
  let device: String

  var description: String {
    "\(device) runs \(kernel) in groups of fewer than \(Blocking.lanes) work-items"
  }
}

extension OpenCLContext {
  /// How large the groups of `kernel` may be: the device's limits for all kernels and for this one.
  func groupLimit(of kernel: OpaquePointer, _ name: String) throws -> GroupLimit {
    var items = 0
    try check(
      library.getKernelWorkGroupInfo(
        kernel, device.handle, cl_uint(CL_KERNEL_WORK_GROUP_SIZE), MemoryLayout<Int>.size, &items, nil),
      "clGetKernelWorkGroupInfo", device: deviceName, "kernel \(name)")
    return groupLimit.cut(to: items).cut(to: kernelGroupLimit)
  }
}
