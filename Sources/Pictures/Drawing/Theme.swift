/// The colours of a drawing.
///
/// The ten colours of ``Paint/series(_:)`` were found by simulated annealing: the smallest distance between any two of
/// them in CIE Lab, seen with full colour vision, protanopia, deuteranopia or tritanopia (Machado, Oliveira & Fernandes
/// 2009), is above 20 in both themes, and each has a contrast of 3 or more to the paper. A test recomputes both.
package struct Theme: Sendable, Equatable {
  /// Its name: `light` or `dark`.
  package let name: String
  private let paper: RGB
  private let ink: RGB
  private let muted: RGB
  private let axis: RGB
  private let grid: RGB
  private let accent: RGB
  private let fault: RGB
  private let series: [RGB]
  private let names: [RGB]
  private let levels: [RGB]

  /// Dark on white.
  package static let light = Theme(
    name: "light", paper: RGB(0xFFFFFF), ink: RGB(0x1F2328), muted: RGB(0x57606A), axis: RGB(0x8C959F),
    grid: RGB(0xE4E8EC), accent: RGB(0x1F5FA8), fault: RGB(0xB6254E),
    series: colours(
      0x2A5EA5, 0xBB8D10, 0x023A15, 0xB6254E, 0x917AFC, 0xDD785A, 0x641555, 0xA39094, 0x596400, 0x309FC7),
    names: colours(
      0x2A5EA5, 0x936F0D, 0x023A15, 0xB6254E, 0x7764CF, 0xAF5F47, 0x641555, 0x7F7073, 0x596400, 0x267E9D),
    levels: colours(
      0x2FB47C, 0x25A685, 0x21988A, 0x25858E, 0x2C738E, 0x355E8D, 0x3F4788, 0x472877, 0x440154))

  /// Light on nearly black.
  package static let dark = Theme(
    name: "dark", paper: RGB(0x15181D), ink: RGB(0xE6EDF3), muted: RGB(0x9AA4AF), axis: RGB(0x6B7682),
    grid: RGB(0x2A3037), accent: RGB(0x6CB2FF), fault: RGB(0xFF7B72),
    series: colours(
      0x8EAAFF, 0xF6B310, 0x009462, 0xD8003E, 0x5E58E1, 0xCF6810, 0x9E5BA2, 0xADA5B0, 0xFFE68F, 0x00F5FF),
    names: colours(
      0x8EAAFF, 0xF6B310, 0x039564, 0xE34A76, 0x7974E6, 0xCF6810, 0xA96DAC, 0xADA5B0, 0xFFE68F, 0x00F5FF),
    levels: colours(
      0x33638D, 0x2C788E, 0x238D8C, 0x25A384, 0x36B779, 0x5BC864, 0x8DD645, 0xC6E02E, 0xFDE725))

  private static func colours(_ hex: UInt32...) -> [RGB] { hex.map { RGB($0) } }

  /// The colour that a role has.
  package func colour(_ paint: Paint) -> RGB {
    switch paint {
    case .ink: ink
    case .muted: muted
    case .axis: axis
    case .grid: grid
    case .paper: paper
    case .accent: accent
    case .fault: fault
    case .series(let index): series[Paint.wrapped(index)]
    case .name(let index): names[Paint.wrapped(index)]
    case .level(let level): levels[Paint.clamped(level)]
    case .on(let light, let dark): (name == "light" ? light : dark) ? RGB(0x000000) : RGB(0xFFFFFF)
    }
  }
}
