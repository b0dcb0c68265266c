import Kernels
import Testing

/// Kernels' declarations, and that arguments in a wrong order or of a wrong kind are detected: every launch of the
/// other tests is also checked when it is prepared.
@Suite struct KernelParameterTests {
  @Test("every kernel's declaration is found", arguments: Kernel.allCases)
  func declared(_ kernel: Kernel) {
    #expect(!kernel.parameters.isEmpty)
    #expect(kernel.parameters.allSatisfy { !$0.name.isEmpty })
    #expect(kernel.mismatch(kernel.parameters.map(\.kind)) == nil)
  }

  @Test func kindsAsDeclared() {
    #expect(
      Kernel.conv2DForward.parameters.map(\.kind)
        == [.floats, .floats, .floats, .floats, .sizes, .int, .float, .flag, .int])
    #expect(Kernel.conv2DForward.parameters.map(\.name).last == "span")
    // Parameters of a macro, then the rule's own.
    let update = Kernel.updateMomentum.parameters
    #expect(update.map(\.name).prefix(3) == ["parameters", "gradients", "segments"])
    #expect(update.map(\.kind).suffix(5) == [.int, .floats, .float, .flag, .step])
    #expect(Kernel.gatherImages.parameters.first?.kind == .bytes)
  }

  @Test func aWrongArgumentIsNamed() {
    let kernel = Kernel.linearForward
    let kinds = kernel.parameters.map(\.kind)
    var swapped = kinds
    swapped.swapAt(3, 4)
    #expect(kernel.mismatch(swapped) == "argument 3 (output) is int, expected floats")
    var wrong = kinds
    wrong[10] = .int
    #expect(kernel.mismatch(wrong) == "argument 10 (is_square) is int, expected flag")
    #expect(kernel.mismatch(kinds.dropLast()) == "10 arguments, expected 11")
  }
}
