import CPUKernels
import Numerics
import Programs

extension ClipNorm {
  /// First the sum of squares of every chunk of every tensor, then the trees and the factor.
  func launches(_ memory: Memory) -> [Launch] {
    struct Piece {
      let gradient: UnsafeMutablePointer<Float>
      let shape: ParameterShape
      let first: Int
    }
    let (partials, factor, maximum) = (memory.floats(partials), memory.floats(factor), maximum)
    var pieces: [Piece] = []
    var counts: [Int] = []
    for tensor in tensors {
      guard case .parameter(let shape) = tensor.contents else { preconditionFailure("\(tensor.name)") }
      counts.append(Self.chunks(tensor))
      for chunk in 0..<Self.chunks(tensor) {
        pieces.append(Piece(gradient: memory.floats(tensor), shape: shape, first: chunk * Self.chunk))
      }
    }
    return [
      Launch(items: pieces.count) { item, _, _ in
        let (piece, shape) = (pieces[item], pieces[item].shape)
        partials[item] = squaresOfChunk(
          piece.gradient, small: shape.dimensions[0], big: shape.big, taps: shape.kernel * shape.kernel,
          first: piece.first, last: min(piece.first + Self.chunk, shape.count))
      },
      Launch(items: 1) { _, _, _ in
        var first = 0
        var sums = counts.map { count in
          defer { first += count }
          return joinTree(partials + first, count: count)
        }
        let sum = sums.withUnsafeMutableBufferPointer { joinTree($0.baseAddress!, count: $0.count) }
        factor[0] = Formulas.clipCoefficient(squares: sum, limit: maximum)
        factor[1] = sum.squareRoot()
      },
    ]
  }
}
