/// Whether pixels become bits before the model sees them, each 1 with its gray value as probability.
public enum Binarisation: String, CaseIterable, Hashable, Sendable, Codable {
  /// Gray values as they are.
  case none
  /// Drawn once for every image and pixel, the same for every seed: a binary data set.
  case fixed
  /// Drawn anew in every epoch of training; evaluated as ``fixed``.
  case dynamic
}
