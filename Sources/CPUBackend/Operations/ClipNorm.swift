import CPUKernels
import Numerics
import Programs

extension Memory {
  /// First the sum of squares of every chunk of every tensor, then the trees and the factor.
  func launches(_ d: ClipNorm) -> [Launch] {
    struct Piece {
      let gradient: UnsafeMutablePointer<Float>
      let shape: ParameterShape
      let first: Int
    }
    let (partials, factor, maximum) = (floats(d.partials), floats(d.factor), d.maximum)
    var pieces: [Piece] = []
    var counts: [Int] = []
    for tensor in d.tensors {
      guard case .parameter(let shape) = tensor.contents else { preconditionFailure("\(tensor.name)") }
      counts.append(ClipNorm.chunks(tensor))
      for chunk in 0..<ClipNorm.chunks(tensor) {
        pieces.append(Piece(gradient: floats(tensor), shape: shape, first: chunk * ClipNorm.chunk))
      }
    }
    return [
      Launch(items: pieces.count) { item, _, _ in
        let (piece, shape) = (pieces[item], pieces[item].shape)
        partials[item] = squaresOfChunk(
          piece.gradient, small: shape.dimensions[0], big: shape.big, taps: shape.kernel * shape.kernel,
          first: piece.first, last: min(piece.first + ClipNorm.chunk, shape.count))
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
