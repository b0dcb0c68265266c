import Numerics

/// One number in every lane, for formulas that compute with eight: `Formulas.relu(lanes(x))[0]`.
func lanes(_ x: Float) -> Lanes { Lanes(repeating: x) }
