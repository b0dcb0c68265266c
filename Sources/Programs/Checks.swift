extension Program {
  /// Checks that the host may copy `bytes` bytes at `offset` to or from `buffer`. Every backend calls this before copying,
  /// so that all report the same errors.
  ///
  /// Throws: ``ProgramError`` if `buffer` is not part of this program, or the bytes are not within it.
  package func checkAccess(to buffer: Buffer, bytes: Int, at offset: Int) throws {
    try require(holds(buffer), "read or write", "\(buffer.name) is not a buffer of this program")
    let size = buffer.contents.byteCount
    try require(
      offset >= 0 && bytes >= 0 && offset <= size && bytes <= size - offset, "read or write",
      "\(bytes) bytes at \(offset) of \(buffer.name), which has \(size)")
  }

  /// Checks that every operation works on buffers of this program. Every backend calls this before preparing one, since
  /// kernels do not check their arguments.
  ///
  /// Throws: ``ProgramError`` naming routine and buffer.
  package func checkBuffers() throws {
    for routine in routines {
      for operation in routine.operations {
        let descriptor = operation.descriptor
        for buffer in descriptor.reads + descriptor.writes {
          try require(
            holds(buffer), "prepare",
            "routine \(routine.name.rawValue): \(buffer.name) is not a buffer of this program")
        }
      }
    }
  }

  /// Names may differ between programs; only the memory counts.
  private func holds(_ buffer: Buffer) -> Bool {
    buffers.indices.contains(buffer.id) && buffers[buffer.id].contents == buffer.contents
  }
}
