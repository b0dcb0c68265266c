/// The shape of a point: distinguishes classes when there are more than colours.
package enum Marker: Int, CaseIterable, Sendable {
  case disc, square, triangle, diamond, cross, plus

  /// The marker of a class: discs for the first ten, squares for the next, and so on.
  static func of(series index: Int) -> Marker {
    allCases[max(0, index) / Paint.seriesCount % allCases.count]
  }

  /// Corners of filled markers, around the origin; about the area of a disc of radius 1.
  var corners: [Point] {
    switch self {
    case .square: [Point(-0.9, -0.9), Point(0.9, -0.9), Point(0.9, 0.9), Point(-0.9, 0.9)]
    case .triangle: [Point(0, -1.3), Point(1.2, 0.85), Point(-1.2, 0.85)]
    case .diamond: [Point(0, -1.3), Point(1.3, 0), Point(0, 1.3), Point(-1.3, 0)]
    case .disc, .cross, .plus: []
    }
  }

  /// Strokes of the other markers, around the origin.
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
