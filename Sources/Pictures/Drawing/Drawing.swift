/// A drawing as a value, which can be rendered as SVG or PNG.
///
/// ```swift
/// let drawing = LineChart(title: "Loss", series: […]).drawing(width: 640, height: 400)
/// let text = drawing.svg()                                     // follows light and dark by itself
/// let picture = drawing.picture(theme: .dark, scale: 2)        // 1280 × 800 pixels
/// ```
///
/// Elements with a coordinate that is not finite are omitted; coordinates far outside the paper are clamped.
///
/// Determinism: both forms are computed with `+ − × ÷ √` in a fixed order, and have the same bytes everywhere.
package struct Drawing: Sendable, Equatable {
  /// Width in units, of which one is a CSS pixel; from 16 to 8,192.
  package let width: Int
  /// Height in units, from 16 to 8,192.
  package let height: Int
  /// A short title; comes first in the alternative text.
  package let title: String
  /// A description, used as alternative text.
  package let description: String
  /// The elements, from bottom to top.
  private(set) var elements: [Element] = []

  /// Sizes that a drawing can have.
  static let sides = 16...8192

  /// An empty drawing; sizes out of range are clamped.
  package init(width: Int, height: Int, title: String, description: String) {
    self.width = min(max(width, Self.sides.lowerBound), Self.sides.upperBound)
    self.height = min(max(height, Self.sides.lowerBound), Self.sides.upperBound)
    self.title = title
    self.description = description
  }

  /// The whole paper.
  package var frame: Rectangle { Rectangle(x: 0, y: 0, width: Double(width), height: Double(height)) }

  /// The point with its coordinates clamped.
  private static func reachable(_ place: Point) -> Point {
    Point(min(max(place.x, -1e5), 1e5), min(max(place.y, -1e5), 1e5))
  }

  /// A line through points, with round ends and corners.
  package mutating func line(
    _ points: [Point], _ paint: Paint, width: Double = 1, isDashed: Bool = false, opacity: Double = 1
  ) {
    guard points.count > 1, points.allSatisfy(\.isFinite) else { return }
    elements.append(
      .line(points.map(Self.reachable), paint, width: width, isDashed: isDashed, opacity: opacity))
  }

  /// A polygon, filled.
  package mutating func polygon(_ corners: [Point], _ paint: Paint, opacity: Double = 1) {
    guard corners.count > 2, corners.allSatisfy(\.isFinite) else { return }
    elements.append(.polygon(corners.map(Self.reachable), paint, opacity: opacity))
  }

  /// A rectangle, filled.
  package mutating func box(_ box: Rectangle, _ paint: Paint, opacity: Double = 1) {
    guard Point(box.x, box.y).isFinite, Point(box.width, box.height).isFinite else { return }
    elements.append(.box(box, paint, opacity: opacity))
  }

  /// Markers at places; overlapping ones form one shape.
  package mutating func marks(
    _ places: [Point], _ marker: Marker = .disc, radius: Double, _ paint: Paint, opacity: Double = 1
  ) {
    let places = places.filter(\.isFinite).map(Self.reachable)
    guard !places.isEmpty else { return }
    elements.append(.marks(places, marker, radius: radius, paint, opacity: opacity))
  }

  /// A line of text; control characters become spaces.
  package mutating func text(
    _ words: String, at place: Point, size: Double = 12, _ paint: Paint = .ink, _ style: TextStyle = .plain
  ) {
    let words = Lettering.cleaned(words)
    guard !words.isEmpty, place.isFinite else { return }
    elements.append(.text(words, Self.reachable(place), size: size, paint, style))
  }

  /// A picture, its pixels enlarged to squares.
  package mutating func picture(_ picture: Picture, in box: Rectangle) {
    guard Point(box.x, box.y).isFinite, Point(box.width, box.height).isFinite else { return }
    elements.append(.picture(picture, box))
  }
}

/// An element of a drawing.
enum Element: Sendable, Equatable {
  case line([Point], Paint, width: Double, isDashed: Bool, opacity: Double)
  case polygon([Point], Paint, opacity: Double)
  case box(Rectangle, Paint, opacity: Double)
  case marks([Point], Marker, radius: Double, Paint, opacity: Double)
  case text(String, Point, size: Double, Paint, TextStyle)
  case picture(Picture, Rectangle)

  /// Its paint; nil for a picture.
  var paint: Paint? {
    switch self {
    case .line(_, let paint, _, _, _), .polygon(_, let paint, _), .box(_, let paint, _),
      .marks(_, _, _, let paint, _), .text(_, _, _, let paint, _):
      paint
    case .picture: nil
    }
  }
}

/// The placement of a line of text.
package struct TextStyle: Hashable, Sendable {
  /// Which point of the text is at its place.
  package enum Anchor: String, Sendable { case start, middle, end }
  /// The direction of the text: to the right, up, or diagonally up.
  package enum Direction: Sendable { case right, up, slant }

  /// Which point of the baseline is at the place.
  package var anchor = Anchor.start
  /// The direction of the text.
  package var direction = Direction.right
  /// Whether the text is bold.
  package var isBold = false
  /// Whether a rim in the paper's colour separates the text from what lies below.
  package var hasHalo = false

  /// To the right of the place.
  package static let plain = TextStyle()
  /// Around the place.
  package static let centred = TextStyle(anchor: .middle)
  /// To the left of the place.
  package static let toEnd = TextStyle(anchor: .end)

  package init(
    anchor: Anchor = .start, direction: Direction = .right, isBold: Bool = false, hasHalo: Bool = false
  ) {
    self.anchor = anchor
    self.direction = direction
    self.isBold = isBold
    self.hasHalo = hasHalo
  }
}
