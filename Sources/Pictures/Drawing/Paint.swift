/// Paint by role; each theme defines the colours.
package enum Paint: Hashable, Sendable {
  /// Titles and figures.
  case ink
  /// Titles of axes and tick labels.
  case muted
  /// Axes and leaders.
  case axis
  /// Grid lines.
  case grid
  /// The background.
  case paper
  /// Quantities: cells of a heat map, bars.
  case accent
  /// Errors, as in a confusion matrix.
  case fault
  /// A line or a class, by its number; ten colours, then the same again.
  case series(Int)
  /// Text that names it: the same colour, with a contrast of 4.5 or more to the paper.
  case name(Int)
  /// A level of the scale for values, from 0 (nearest to the paper) to ``levels`` − 1 (farthest from it); others are clamped.
  case level(Int)
  /// Black or white text on a coloured background, one choice for each theme.
  case on(blackIfLight: Bool, blackIfDark: Bool)

  /// Colours for lines and classes.
  package static let seriesCount = 10
  /// Steps of the scale for values.
  package static let levels = 9

  /// The level of a share from 0 to 1.
  static func level(share: Double) -> Paint {
    .level(Int((min(max(share, 0), 1) * Double(levels - 1)).rounded()))
  }

  /// The more readable of black and white on `base` over the paper with this opacity.
  package static func on(_ base: Paint, opacity: Double) -> Paint {
    func isBlack(_ theme: Theme) -> Bool {
      // Where both contrasts are equal: (1 + 0.05) / (Y + 0.05) = (Y + 0.05) / 0.05.
      theme.colour(base).over(theme.colour(.paper), opacity: opacity).luminance > 0.1791287847477920
    }
    return .on(blackIfLight: isBlack(.light), blackIfDark: isBlack(.dark))
  }

  /// Its CSS class in SVG.
  var className: String {
    switch self {
    case .ink: "i"
    case .muted: "m"
    case .axis: "a"
    case .grid: "g"
    case .paper: "p"
    case .accent: "e"
    case .fault: "w"
    case .series(let index): "s\(Self.wrapped(index))"
    case .name(let index): "t\(Self.wrapped(index))"
    case .level(let level): "v\(Self.clamped(level))"
    case .on(let light, let dark): (light ? "k" : "o") + (dark ? "k" : "o")
    }
  }

  static func wrapped(_ index: Int) -> Int {
    let rest = index % seriesCount
    return rest < 0 ? rest + seriesCount : rest
  }

  static func clamped(_ level: Int) -> Int { min(max(level, 0), levels - 1) }
}
