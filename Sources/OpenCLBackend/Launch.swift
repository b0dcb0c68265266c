import COpenCL
import Kernels
import Programs

/// One argument of a kernel.
enum Argument: Sendable {
  /// A buffer of the program.
  case buffer(Buffer)
  /// Words, in one of the backend's own buffers.
  case words(DeviceMemory)
  /// Floats, in one of the backend's own buffers.
  case floats(DeviceMemory)
  case sizes(MapSizes)
  case int(Int)
  case word(UInt32)
  case float(Float)
  /// A truth value, 0 or 1.
  case flag(Bool)
  /// The step: set for every run.
  case step

  /// The parameter kind that the kernel must declare.
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
  /// Whether the eight work-items of a group along dimension 0 are the lanes of a sum, joined through local memory.
  package let lanesMeet: Bool

  package init(global: [Int], local: [Int], lanesMeet: Bool = false) {
    self.global = global
    self.local = local
    self.lanesMeet = lanesMeet
  }

  /// Whether there is nothing to do; OpenCL rejects such a launch.
  package var isEmpty: Bool { global.contains(0) }

  var description: String { "global \(global), local \(local)" }
}

/// One launch of one kernel.
struct Launch: Sendable {
  let kernel: Kernel
  let grid: Grid
  /// In the order of the kernel's parameters.
  let arguments: [Argument]

  init(_ kernel: Kernel, _ grid: Grid, _ arguments: [Argument]) {
    self.kernel = kernel
    self.grid = grid
    self.arguments = arguments
  }
}

/// Splits operations into kernel launches for one device, each operation in its own file in `Operations`; see
/// `layout.cl` for the meaning of the dimensions.
struct LaunchPlanner: OperationLauncher, Sendable {
  let options: LaunchOptions
  /// Compute units of the device.
  let units: Int
  /// Makes one of the backend's own buffers with these words.
  let constant: @Sendable (_ name: String, _ words: [UInt32]) throws -> DeviceMemory

  var areImagesItems: Bool { options.lanes == 1 }

  func launches(_ step: Schedule.Step, _ memory: ProgramMemory) throws -> [Launch] {
    switch step {
    case .one(let operation): try launches(operation)
    case .weightGradients(let operations):
      try weightGradients(operations, memory).map { [$0] } ?? operations.flatMap { try launches($0) }
    case .layer(let operation, let epilogue):
      switch operation.descriptor {
      case let d as LinearForward: [launch(d, epilogue)]
      case let d as ConvolutionForward: [launch(d, epilogue)]
      case let d as LinearBackwardInput: [launch(d, epilogue)]
      case let d as ConvolutionBackwardInput: [launch(d, epilogue)]
      default: try launches(operation)
      }
    }
  }

  /// How many consecutive elements one work-item processes: `whole` if vectors are images, otherwise one.
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

  /// Every image of `batch` × `tiles` × `places`, for runs of `run` products: if images are work-items, groups share
  /// values and weights of long runs (see `staged.cl`).
  func runs(_ batch: Int, tiles: Int, places: Int = 1, run: Int) -> Grid {
    // If there is only one place, more work-items than tiles help with loading.
    let shared = tiles > 4 || places == 1 ? 8 : tiles > 2 ? 4 : 2
    let images = Blocking.blocks(batch) * Blocking.block
    let together = Self.divisor(of: images, atMost: 2 * Blocking.block)
    guard areImagesItems, run >= 16, options.imageGroup >= together, options.itemGroup >= shared else {
      return self.images(batch, tiles: tiles, places: places)
    }
    return Grid(
      global: [images, (tiles + shared - 1) / shared * shared, places], local: [together, shared, 1])
  }

  /// Every image of `batch` × `tiles`, for runs of `run` products, if a work-item takes two of both (see `square.cl`):
  /// if images are work-items and nearly every compute unit gets a group. Otherwise nil.
  func squares(_ batch: Int, tiles: Int, run: Int) -> Grid? {
    let (together, shared) = (2 * Blocking.block, 8)
    let images = Blocking.blocks(batch) * Blocking.block
    let groups = images / (2 * together) * ((tiles + 2 * shared - 1) / (2 * shared))
    guard areImagesItems, run >= 16, images % (2 * together) == 0, options.imageGroup >= together,
      options.itemGroup >= shared, 10 * groups >= 9 * units
    else { return nil }
    return Grid(
      global: [images / 2, (tiles + 2 * shared - 1) / (2 * shared) * shared, 1], local: [together, shared, 1])
  }

  /// Every image of `batch`; if images are work-items, 64 share each, four images per group (see `losses.cl`).
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

  /// If lanes are work-items: groups, each of as many sums as are joined together.
  func lanes(groups: Int, places: Int = 1) -> Grid {
    Grid(
      global: [Blocking.lanes, groups * sumsTogether, places], local: [Blocking.lanes, sumsTogether, 1],
      lanesMeet: true)
  }

  /// Groups that hold `sums`; the last may not be full.
  func groups(of sums: Int) -> Int { (sums + sumsTogether - 1) / sumsTogether }

  var sumsTogether: Int { Swift.min(options.laneGroup, 16) }

  /// `count` items; the last group may have idle ones, so the kernel must check.
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
