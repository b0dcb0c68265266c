import Pictures

/// The colours of classes in a page.
enum Palette {
  /// The ten of a theme, as `#2a5ea5`.
  static func hex(_ theme: Theme) -> [String] {
    (0..<Paint.seriesCount).map { theme.colour(.series($0)).hex }
  }
}
