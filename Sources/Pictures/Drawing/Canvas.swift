/// An antialiased pixel canvas for drawings.
///
/// A shape first records in a mask how much of each pixel it covers, by distance to the pixel's centre; where its
/// parts overlap, the larger coverage counts. Then ``paint(_:opacity:)`` blends the colour over the canvas, in sRGB.
struct Canvas {
  let width: Int
  let height: Int
  /// Red, green and blue of each pixel, from 0 to 255.
  private var values: [Float]
  private var mask: [Float]
  /// Pixels whose mask is not zero.
  private var touched: [Int] = []

  init(width: Int, height: Int, _ paper: RGB) {
    self.width = width
    self.height = height
    let colour = [Float(paper.red), Float(paper.green), Float(paper.blue)]
    values = []
    values.reserveCapacity(3 * width * height)
    for _ in 0..<width * height { values += colour }
    mask = [Float](repeating: 0, count: width * height)
  }

  private mutating func cover(_ index: Int, _ share: Double) {
    guard share > 0 else { return }
    if mask[index] == 0 { touched.append(index) }
    mask[index] = max(mask[index], Float(min(share, 1)))
  }

  /// Whole pixels between two edges, clipped to the canvas.
  private static func pixels(_ low: Double, _ high: Double, _ count: Int) -> Range<Int> {
    let first = Int(min(max(low.rounded(.down), 0), Double(count)))
    let end = Int(min(max(high.rounded(.up), 0), Double(count)))
    return first..<max(first, end)
  }

  /// A line with round ends.
  mutating func segment(_ a: Point, _ b: Point, halfWidth: Double) {
    let reach = halfWidth + 0.5
    let (span, most) = (b - a, min(1, 2 * halfWidth))
    let square = span.x * span.x + span.y * span.y
    for y in Self.pixels(min(a.y, b.y) - reach, max(a.y, b.y) + reach, height) {
      let centre = Double(y) + 0.5
      // Where the line passes within reach of this row.
      var (low, high) = (min(a.x, b.x), max(a.x, b.x))
      if span.y != 0 {
        let (t, u) = ((centre - reach - a.y) / span.y, (centre + reach - a.y) / span.y)
        let (from, to) = (a.x + span.x * min(max(t, 0), 1), a.x + span.x * min(max(u, 0), 1))
        (low, high) = (min(from, to), max(from, to))
      }
      for x in Self.pixels(low - reach, high + reach, width) {
        let offset = Point(Double(x) + 0.5, centre) - a
        let along = square > 0 ? min(max((offset.x * span.x + offset.y * span.y) / square, 0), 1) : 0
        cover(y * width + x, min(reach - (offset - span * along).length, most))
      }
    }
  }

  /// A disc.
  mutating func disc(_ centre: Point, radius: Double) { segment(centre, centre, halfWidth: radius) }

  /// An upright rectangle: the share of each pixel that lies in it.
  mutating func box(_ box: Rectangle) {
    func overlap(_ pixel: Int, _ low: Double, _ high: Double) -> Double {
      min(Double(pixel) + 1, high) - max(Double(pixel), low)
    }
    for y in Self.pixels(box.y, box.bottom, height) {
      let share = max(0, overlap(y, box.y, box.bottom))
      for x in Self.pixels(box.x, box.right, width) {
        cover(y * width + x, share * max(0, overlap(x, box.x, box.right)))
      }
    }
  }

  /// A polygon, filled by the even-odd rule.
  mutating func polygon(_ corners: [Point]) {
    guard let first = corners.first else { return }
    let (low, high) = corners.reduce((first, first)) { bounds, corner in
      (
        Point(min(bounds.0.x, corner.x), min(bounds.0.y, corner.y)),
        Point(max(bounds.1.x, corner.x), max(bounds.1.y, corner.y))
      )
    }
    let edges = zip(corners, corners.dropFirst() + [first]).map { (start: $0, span: $1 - $0) }
    for y in Self.pixels(low.y - 0.5, high.y + 0.5, height) {
      for x in Self.pixels(low.x - 0.5, high.x + 0.5, width) {
        let centre = Point(Double(x) + 0.5, Double(y) + 0.5)
        var (isInside, nearest) = (false, Double.infinity)
        for (start, span) in edges {
          let offset = centre - start
          let square = span.x * span.x + span.y * span.y
          let along = square > 0 ? min(max((offset.x * span.x + offset.y * span.y) / square, 0), 1) : 0
          nearest = min(nearest, (offset - span * along).length)
          if (offset.y < 0) != (offset.y < span.y), offset.x < span.x * (offset.y / span.y) {
            isInside.toggle()
          }
        }
        cover(y * width + x, 0.5 + (isInside ? nearest : -nearest))
      }
    }
  }

  /// Paints the covered pixels and clears the shape.
  mutating func paint(_ colour: RGB, opacity: Double) {
    let parts = [Float(colour.red), Float(colour.green), Float(colour.blue)]
    for index in touched {
      let share = mask[index] * Float(min(max(opacity, 0), 1))
      for channel in 0..<3 {
        values[3 * index + channel] += (parts[channel] - values[3 * index + channel]) * share
      }
      mask[index] = 0
    }
    touched.removeAll(keepingCapacity: true)
  }

  /// Puts a picture into a rectangle, each of its pixels a rectangle of one colour.
  mutating func put(_ picture: Picture, in box: Rectangle) {
    guard box.width > 0, box.height > 0 else { return }
    for y in Self.pixels(box.y.rounded(), box.bottom.rounded(), height) {
      let row = Self.place(Double(y) + 0.5 - box.y, of: box.height, in: picture.height)
      for x in Self.pixels(box.x.rounded(), box.right.rounded(), width) {
        let column = Self.place(Double(x) + 0.5 - box.x, of: box.width, in: picture.width)
        for channel in 0..<3 {
          let value = picture.pixels[
            (row * picture.width + column) * picture.channels + (picture.channels == 3 ? channel : 0)]
          values[3 * (y * width + x) + channel] = Float(value)
        }
      }
    }
  }

  /// Which of `count` equal parts of a length contains an offset.
  private static func place(_ offset: Double, of length: Double, in count: Int) -> Int {
    min(max(Int(offset * Double(count) / length), 0), count - 1)
  }

  /// The picture, rounded to whole shades.
  var picture: Picture {
    Picture(channels: 3, width: width, height: height, pixels: values.map { UInt8($0.rounded()) })
  }
}
