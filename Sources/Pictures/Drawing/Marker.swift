/// The shape of a point: what tells classes apart where there are more than colours.
package enum Marker: Int, CaseIterable, Sendable {
  case disc, square, triangle, diamond, cross, plus

  /// The marker of a class: discs for the first ten, squares for the next, and so on.
  static func of(series index: Int) -> Marker {
    allCases[max(0, index) / Paint.seriesCount % allCases.count]
  }

  /// Corners of the filled ones, around the origin; about as much area as a disc of radius 1.
  var corners: [Point] {
    switch self {
    case .square: [Point(-0.9, -0.9), Point(0.9, -0.9), Point(0.9, 0.9), Point(-0.9, 0.9)]
    case .triangle: [Point(0, -1.3), Point(1.2, 0.85), Point(-1.2, 0.85)]
    case .diamond: [Point(0, -1.3), Point(1.3, 0), Point(0, 1.3), Point(-1.3, 0)]
    case .disc, .cross, .plus: []
    }
  }

  /// Strokes of the others, around the origin.
  var strokes: [[Point]] {
    switch self {
    case .cross: [[Point(-0.9, -0.9), Point(0.9, 0.9)], [Point(0.9, -0.9), Point(-0.9, 0.9)]]
    case .plus: [[Point(-1.2, 0), Point(1.2, 0)], [Point(0, -1.2), Point(0, 1.2)]]
    case .disc, .square, .triangle, .diamond: []
    }
  }

  /// Width of those strokes.
  static let strokeWidth = 0.6
}
