import COpenCL
import Kernels
import Programs

/// One argument of a kernel.
enum Argument: Sendable {
  /// A buffer of the program.
  case buffer(Buffer)
  /// Words, in a buffer of the backend's own.
  case words(DeviceMemory)
  /// Floats, in a buffer of the backend's own.
  case floats(DeviceMemory)
  case sizes(MapSizes)
  case int(Int)
  case word(UInt32)
  case float(Float)
  /// A truth value, 0 or 1.
  case flag(Bool)
  /// The step: set anew for every run.
  case step

  /// What the kernel must declare.
  var type: KernelParameter.Kind {
    switch self {
    case .buffer(let buffer):
      switch buffer.contents {
      case .images, .parameter, .floats: .floats
      case .words: .words
      case .bytes: .bytes
      }
    case .words: .words
    case .floats: .floats
    case .sizes: .sizes
    case .int: .int
    case .word: .word
    case .float: .float
    case .flag: .flag
    case .step: .step
    }
  }
}

/// Work-items of a launch and how they are grouped.
package struct Grid: Hashable, Sendable {
  package let global: [Int]
  package let local: [Int]
  /// Whether the eight work-items of a group along dimension 0 are the lanes of a sum, which meet in local memory.
  package let lanesMeet: Bool

  package init(global: [Int], local: [Int], lanesMeet: Bool = false) {
    self.global = global
    self.local = local
    self.lanesMeet = lanesMeet
  }

  /// Whether there is nothing to do; OpenCL refuses such a launch.
  package var isEmpty: Bool { global.contains(0) }

  var description: String { "global \(global), local \(local)" }
}

/// One launch of one kernel.
struct Launch: Sendable {
  let kernel: Kernel
  let grid: Grid
  /// In the kernel's order.
  let arguments: [Argument]

  init(_ kernel: Kernel, _ grid: Grid, _ arguments: [Argument]) {
    self.kernel = kernel
    self.grid = grid
    self.arguments = arguments
  }
}

/// Cuts operations into launches of kernels for one device, each in the file of its name in `Operations`; see `layout.cl`
/// for the meaning of the dimensions.
struct LaunchPlanner: OperationLauncher, Sendable {
  let options: LaunchOptions
  /// Compute units of the device.
  let units: Int
  /// Makes a buffer of the backend's own with these words.
  let constant: @Sendable (_ name: String, _ words: [UInt32]) throws -> DeviceMemory

  var areImagesItems: Bool { options.lanes == 1 }

  /// How many of `count` one work-item takes in a row: `whole` where vectors are images, else one.
  func span(_ whole: Int) -> Int {
    options.span > 0 ? Swift.min(options.span, Swift.max(whole, 1)) : areImagesItems ? 1 : Swift.max(whole, 1)
  }

  /// Every image of `batch` × `tiles` × `places`.
  func images(_ batch: Int, tiles: Int = 1, places: Int = 1) -> Grid {
    let groups = Blocking.blocks(batch) * Blocking.block / options.lanes
    let together = Self.divisor(of: groups, atMost: options.imageGroup)
    return areImagesItems
      ? Grid(global: [groups, tiles, places], local: [together, 1, 1])
      : Grid(
        global: [tiles, places, groups], local: [Self.divisor(of: tiles, atMost: options.itemGroup), 1, 1])
  }

  /// Every image of `batch` × `tiles` × `places`, for runs of `run` products: where images are work-items, groups share
  /// values and weights of long runs (see `staged.cl`).
  func runs(_ batch: Int, tiles: Int, places: Int = 1, run: Int) -> Grid {
    // Where there is one place only, more than the tiles help with loading.
    let shared = tiles > 4 || places == 1 ? 8 : tiles > 2 ? 4 : 2
    let images = Blocking.blocks(batch) * Blocking.block
    let together = Self.divisor(of: images, atMost: 2 * Blocking.block)
    guard areImagesItems, run >= 16, options.imageGroup >= together, options.itemGroup >= shared else {
      return self.images(batch, tiles: tiles, places: places)
    }
    return Grid(
      global: [images, (tiles + shared - 1) / shared * shared, places], local: [together, shared, 1])
  }

  /// Every image of `batch`; where images are work-items, 64 of them share one, four images a group (see `losses.cl`).
  func sharedImages(_ batch: Int) -> Grid {
    guard areImagesItems else { return images(batch) }
    let images = Blocking.blocks(batch) * Blocking.block
    return Grid(global: [images, 64, 1], local: [4, 64, 1])
  }

  /// Every image of `batch` × `count` elements, in runs of `span`.
  func elements(_ batch: Int, _ count: Int, span: Int) -> Grid {
    images(batch, places: (count + span - 1) / span)
  }

  /// `sums` sums over images that are joined, for each of `places`.
  func lanes(_ sums: Int, places: Int = 1) -> Grid {
    areImagesItems
      ? lanes(groups: groups(of: sums), places: places)
      : Grid(global: [sums, places, 1], local: [Self.divisor(of: sums, atMost: options.itemGroup), 1, 1])
  }

  /// Where lanes are work-items: groups of as many sums as meet.
  func lanes(groups: Int, places: Int = 1) -> Grid {
    Grid(
      global: [Blocking.lanes, groups * sumsTogether, places], local: [Blocking.lanes, sumsTogether, 1],
      lanesMeet: true)
  }

  /// Groups that hold `sums`; the last may not be full.
  func groups(of sums: Int) -> Int { (sums + sumsTogether - 1) / sumsTogether }

  private var sumsTogether: Int { Swift.min(options.laneGroup, 16) }

  /// `count` items; the last group may hold idle ones, so the kernel must look.
  func items(_ count: Int) -> Grid {
    let together = options.itemGroup
    let rounded = (count + together - 1) / together * together
    return areImagesItems
      ? Grid(global: [1, rounded, 1], local: [1, together, 1])
      : Grid(global: [rounded, 1, 1], local: [together, 1, 1])
  }

  /// The largest power of two that divides `count` and is at most `limit`.
  private static func divisor(of count: Int, atMost limit: Int) -> Int {
    var result = 1
    while result * 2 <= limit, count % (result * 2) == 0 { result *= 2 }
    return result
  }
}
