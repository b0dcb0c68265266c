/// A point in a drawing: x to the right, y down, in units of one CSS pixel.
package struct Point: Hashable, Sendable {
  /// From the left edge.
  package var x: Double
  /// From the upper edge.
  package var y: Double

  package init(_ x: Double, _ y: Double) {
    self.x = x
    self.y = y
  }

  /// Whether both coordinates are finite.
  var isFinite: Bool { x.isFinite && y.isFinite }

  static func + (a: Point, b: Point) -> Point { Point(a.x + b.x, a.y + b.y) }
  static func - (a: Point, b: Point) -> Point { Point(a.x - b.x, a.y - b.y) }
  static func * (a: Point, factor: Double) -> Point { Point(a.x * factor, a.y * factor) }

  /// Distance from the origin.
  var length: Double { (x * x + y * y).squareRoot() }
}

/// An upright rectangle of a drawing.
package struct Rectangle: Hashable, Sendable {
  /// Left edge.
  package var x: Double
  /// Upper edge.
  package var y: Double
  /// From the left edge to the right.
  package var width: Double
  /// From the upper edge to the lower.
  package var height: Double

  /// A rectangle; sizes below zero count as zero.
  package init(x: Double, y: Double, width: Double, height: Double) {
    self.x = x
    self.y = y
    self.width = max(0, width)
    self.height = max(0, height)
  }

  /// Right edge.
  var right: Double { x + width }
  /// Lower edge.
  var bottom: Double { y + height }

  /// The rectangle without margins; at least one unit wide and high.
  func inset(left: Double = 0, top: Double = 0, right: Double = 0, bottom: Double = 0) -> Rectangle {
    Rectangle(
      x: x + left, y: y + top, width: max(1, width - left - right), height: max(1, height - top - bottom))
  }
}
