import COpenCL
import Programs

/// How many work-items a group may have, on a device or for one kernel.
package struct GroupLimit: Hashable, Sendable {
  /// In all.
  package let items: Int
  /// Along each of the three dimensions.
  package let along: [Int]

  /// At most `items` in all; by default as many along each dimension.
  package init(items: Int, along: [Int]? = nil) {
    self.items = Swift.max(items, 1)
    self.along = (along ?? [items, items, items]).map { Swift.max($0, 1) }
  }

  /// This limit, or `items` where those are fewer.
  package func cut(to items: Int?) -> GroupLimit {
    GroupLimit(items: Swift.min(self.items, items ?? self.items), along: along)
  }

  /// Whether the eight lanes of a sum can be the work-items of one group.
  package var holdsLanes: Bool { items >= Blocking.lanes && along[0] >= Blocking.lanes }
}

extension LaunchOptions {
  /// These options where `limit` holds: smaller groups, and vectors of images where the lanes of a sum do not fit
  /// into one.
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

  /// Eight images a work-item, every group one work-item: what any device can run.
  package var inVectors: LaunchOptions {
    var options = self
    (options.lanes, options.imageGroup, options.itemGroup, options.laneGroup) = (8, 1, 1, 1)
    return options
  }
}

extension Grid {
  /// The same work-items in groups that `limit` allows: halved (or cut to the next divisor) until they fit. Nil
  /// where lanes must meet in groups larger than that.
  package func fitted(to limit: GroupLimit) -> Grid? {
    if lanesMeet, !limit.holdsLanes { return nil }
    var local = local
    // Lanes that meet stay together.
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

  /// The largest divisor of `count` up to its half: groups of so many also divide what groups of `count` did.
  private static func half(of count: Int) -> Int {
    (1...Swift.max(count / 2, 1)).last { count % $0 == 0 }!
  }
}

/// A kernel gets no group that the eight lanes of a sum fit into.
struct LanesDoNotFit: Error, CustomStringConvertible {
  let kernel: String
  let device: String

  var description: String {
    "\(device) runs \(kernel) in groups of fewer than \(Blocking.lanes) work-items"
  }
}

extension OpenCLContext {
  /// How large the groups of `kernel` may be: what the device says of all and of this one.
  func groupLimit(of kernel: OpaquePointer, _ name: String) throws -> GroupLimit {
    var items = 0
    try check(
      library.getKernelWorkGroupInfo(
        kernel, device.handle, cl_uint(CL_KERNEL_WORK_GROUP_SIZE), MemoryLayout<Int>.size, &items, nil),
      "clGetKernelWorkGroupInfo", device: deviceName, "kernel \(name)")
    return groupLimit.cut(to: items).cut(to: kernelGroupLimit)
  }
}
