extension Program {
  /// Whether the host may copy `bytes` bytes at `offset` to or from `buffer`. Every backend asks before it copies,
  /// so that all refuse the same with the same words.
  ///
  /// Throws: ``ProgramError`` where `buffer` is none of this program's, or the bytes do not lie in it.
  package func checkAccess(to buffer: Buffer, bytes: Int, at offset: Int) throws {
    try require(holds(buffer), "read or write", "\(buffer.name) is no buffer of this program")
    let size = buffer.contents.byteCount
    try require(
      offset >= 0 && bytes >= 0 && offset <= size && bytes <= size - offset, "read or write",
      "\(bytes) bytes at \(offset) of \(buffer.name), which has \(size)")
  }

  /// Whether every operation works on buffers of this program. Every backend asks before it prepares one: what
  /// kernels are given they trust.
  ///
  /// Throws: ``ProgramError`` naming routine and buffer.
  package func checkBuffers() throws {
    for routine in routines {
      for operation in routine.operations {
        let descriptor = operation.descriptor
        for buffer in descriptor.reads + descriptor.writes {
          try require(
            holds(buffer), "prepare",
            "routine \(routine.name.rawValue): \(buffer.name) is no buffer of this program")
        }
      }
    }
  }

  /// Names may differ from program to program; what counts is which memory a number means.
  private func holds(_ buffer: Buffer) -> Bool {
    buffers.indices.contains(buffer.id) && buffers[buffer.id].contents == buffer.contents
  }
}
