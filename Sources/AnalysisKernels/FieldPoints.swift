import Numerics

// Points and the grid: every point is spread over 8 × 8 nodes by B-splines of degree 7, and reads the field and its
// gradient by the same splines.

/// The positions of points on a grid.
public struct FieldPlace {
  /// The position of u = 0, in both directions.
  public let origin: SIMD2<Double>
  /// Nodes per unit of length.
  public let scale: Double
  /// Coefficients of the eight weights as polynomials of the place between two nodes: [power, highest first][8 nodes].
  public let splines: UnsafePointer<DoubleLanes>

  public init(origin: SIMD2<Double>, scale: Double, splines: UnsafePointer<DoubleLanes>) {
    self.origin = origin
    self.scale = scale
    self.splines = splines
  }

  /// The first of the eight nodes along x, chosen so that `u` of a point is at least 3.
  @inline(__always)
  public func firstNode(_ point: SIMD2<Double>) -> Int { Int((point.x - origin.x) * scale) - 3 }
}

/// Adds the points `order[from ..< to]` to the grid, one after another.
public func fieldSpread(
  _ grid: FieldGrid, _ place: FieldPlace, points: UnsafePointer<SIMD2<Double>>, order: UnsafePointer<Int32>,
  from: Int, to: Int
) {
  for index in from..<to {
    let u = (points[Int(order[index])] - place.origin) * place.scale
    let (column, row) = (Int(u.x), Int(u.y))
    let x = Weights(u.x - Double(column), place.splines)
    let y = Weights(u.y - Double(row), place.splines)
    var line = grid.values + (column - 3) * grid.stride + (row - 3)
    for node in 0..<8 {
      let weight = node < 4 ? x.low[node] : x.high[node - 4]
      store(lanes(line) + y.low * weight, line)
      store(lanes(line + 4) + y.high * weight, line + 4)
      line += grid.stride
    }
  }
}

/// Field and gradient at the points `from ..< to`: `slopes` is ∂φ/∂(x, y) for each; returns the sum of φ.
public func fieldGather(
  _ grid: FieldGrid, _ place: FieldPlace, points: UnsafePointer<SIMD2<Double>>, from: Int, to: Int,
  slopes: UnsafeMutablePointer<SIMD2<Double>>
) -> Double {
  var total = 0.0
  for index in from..<to {
    let u = (points[index] - place.origin) * place.scale
    let (column, row) = (Int(u.x), Int(u.y))
    let (tx, ty) = (u.x - Double(column), u.y - Double(row))
    let x = Weights(tx, place.splines)
    let y = Weights(ty, place.splines)
    let slopeX = Weights(slopeAt: tx, place.splines)
    let slopeY = Weights(slopeAt: ty, place.splines)
    var line = UnsafePointer(grid.values) + (column - 3) * grid.stride + (row - 3)
    var (field, fieldX, fieldY) = (DoubleLanes(), DoubleLanes(), DoubleLanes())
    for node in 0..<8 {
      let (low, high) = (lanes(line), lanes(line + 4))
      let value = low * y.low + high * y.high
      let weight = node < 4 ? x.low[node] : x.high[node - 4]
      field += value * weight
      fieldX += value * (node < 4 ? slopeX.low[node] : slopeX.high[node - 4])
      fieldY += (low * slopeY.low + high * slopeY.high) * weight
      line += grid.stride
    }
    slopes[index] = SIMD2(joined(fieldX), joined(fieldY)) * place.scale
    total += joined(field)
  }
  return total
}

/// The eight weights of a point in one direction, or their derivatives.
private struct Weights {
  let low: DoubleLanes
  let high: DoubleLanes

  @inline(__always)
  init(_ t: Double, _ splines: UnsafePointer<DoubleLanes>) {
    var (low, high) = (splines[0], splines[1])
    for power in 1...7 {
      low = low * t + splines[2 * power]
      high = high * t + splines[2 * power + 1]
    }
    (self.low, self.high) = (low, high)
  }

  @inline(__always)
  init(slopeAt t: Double, _ splines: UnsafePointer<DoubleLanes>) {
    var (low, high) = (splines[0] * 7, splines[1] * 7)
    for power in 1...6 {
      low = low * t + splines[2 * power] * Double(7 - power)
      high = high * t + splines[2 * power + 1] * Double(7 - power)
    }
    (self.low, self.high) = (low, high)
  }
}

/// The sum of four lanes.
@inline(__always)
func joined(_ l: DoubleLanes) -> Double { (l[0] + l[2]) + (l[1] + l[3]) }
