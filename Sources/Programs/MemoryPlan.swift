/// The placement of transient buffers in one shared arena.
///
/// Two buffers overlap only if no routine needs both at once. Buffers are placed largest first, each at the lowest offset
/// that is free for its whole lifetime.
package struct MemoryPlan: Hashable, Sendable {
  /// All offsets are multiples of this many bytes.
  package static let alignment = 512
  /// Byte offset in the arena by buffer id.
  package let offsets: [Int: Int]
  /// Bytes of the arena.
  package let arenaBytes: Int
  /// Bytes of persistent and constant buffers.
  package let persistentBytes: Int
  /// Bytes that the transient buffers would take without sharing.
  package let unsharedBytes: Int

  /// Plans the memory of `program`.
  ///
  /// - Parameters:
  ///   - moment: when an operation of a routine runs, by its position; operations with the same moment run
  ///     concurrently, so they share no memory. By default one after another.
  ///   - bytes: the bytes that a transient buffer takes here, by default all of its contents; nil: it is elsewhere.
  package init(
    _ program: Program, moment: (Routine, Int) -> Int = { $1 },
    bytes: (Buffer) -> Int? = { $0.contents.byteCount }
  ) {
    var lives: [Int: [Life]] = [:]
    for (routineIndex, routine) in program.routines.enumerated() {
      for (index, operation) in routine.operations.enumerated() {
        let position = moment(routine, index)
        let descriptor = operation.descriptor
        for buffer in descriptor.reads + descriptor.writes {
          let root = program.root(of: buffer).buffer
          guard root.storage == .transient, bytes(root) != nil else { continue }
          if let last = lives[root.id]?.last, last.routine == routineIndex {
            lives[root.id]![lives[root.id]!.count - 1].end = position
          } else {
            lives[root.id, default: []].append(Life(routine: routineIndex, start: position, end: position))
          }
        }
      }
    }
    func size(_ id: Int) -> Int {
      (bytes(program.buffers[id])! + Self.alignment - 1) / Self.alignment * Self.alignment
    }
    var placed: [(id: Int, range: Range<Int>)] = []
    let bySize = lives.keys.sorted { (size($1), $0) < (size($0), $1) }
    for id in bySize {
      let taken = placed.filter { other in
        lives[id]!.contains { life in lives[other.id]!.contains { $0.overlaps(life) } }
      }.map(\.range).sorted { $0.lowerBound < $1.lowerBound }
      var offset = 0
      for range in taken where range.overlaps(offset..<offset + size(id)) { offset = range.upperBound }
      placed.append((id, offset..<offset + size(id)))
    }
    offsets = Dictionary(uniqueKeysWithValues: placed.map { ($0.id, $0.range.lowerBound) })
    arenaBytes = placed.map(\.range.upperBound).max() ?? 0
    unsharedBytes = bySize.reduce(0) { $0 + size($1) }
    persistentBytes = program.persistentBytes
  }

  private struct Life {
    let routine: Int
    let start: Int
    var end: Int
    func overlaps(_ other: Life) -> Bool {
      routine == other.routine && start <= other.end && other.start <= end
    }
  }
}

extension Program {
  /// Bytes of persistent and constant buffers.
  package var persistentBytes: Int {
    buffers.reduce(0) { sum, buffer in
      switch buffer.storage {
      case .persistent, .constant: sum + buffer.contents.byteCount
      case .transient, .region: sum
      }
    }
  }
}
