import Distributed
import Testing

@Suite("MPI's library") struct LibraryTests {
  @Test("Where there is none, the error says what to install")
  func missing() {
    let error = #expect(throws: MPIError.self) { _ = try MPIGroup(names: ["libnone.so.1", "libnothing.so"]) }
    let text = error?.description ?? ""
    #expect(text.hasPrefix("no MPI library (libnone.so.1, libnothing.so) is installed: install "))
    #expect(text.contains("(Debian: "))
  }

  @Test("Another library is none")
  func another() {
    let error = #expect(throws: MPIError.self) { _ = try MPIGroup(names: ["libc.so.6"]) }
    #expect(error?.description == "the MPI library has no MPI_Init_thread")
  }
}
