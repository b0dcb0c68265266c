/// Binarisation of the input: each pixel becomes 1 with its gray value as probability, else 0.
public enum Binarisation: String, CaseIterable, Hashable, Sendable, Codable {
  /// No binarisation.
  case none
  /// Drawn once for every image and pixel, independent of the seed: a binary data set.
  case fixed
  /// Drawn anew in every training epoch; evaluation uses ``fixed``.
  case dynamic
}
