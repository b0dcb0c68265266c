import Numerics

/// `count` vectors: output = function(input).
public func activationForward(
  _ input: Images, _ output: MutableImages, count: Int, function: Epilogue.Function
) {
  for i in 0..<count { output[i] = curve(input[i], function) }
}

/// `count` vectors: the gradient times the function's derivative, taken from its result.
public func activationBackward(
  result: Images, _ outputGradient: Images, _ inputGradient: MutableImages, count: Int,
  function: Epilogue.Function
) {
  for i in 0..<count {
    let (y, g) = (result[i], outputGradient[i])
    inputGradient[i] =
      switch function {
      case .identity: g
      case .relu: Formulas.reluGradient(g, result: y)
      case .sigmoid: Formulas.sigmoidGradient(g, result: y)
      case .tanh: Formulas.tanhGradient(g, result: y)
      case .softplus: Formulas.softplusGradient(g, result: y)
      }
  }
}

/// One block between a map `[pixel][channel][16]` and features `[channel][pixel][16]`.
public func transposeMap(_ size: MapSize, _ input: Images, _ output: MutableImages, toFeatures: Bool) {
  for channel in 0..<size.channels {
    for pixel in 0..<size.pixels {
      let map = 2 * (pixel * size.channels + channel)
      let feature = 2 * (channel * size.pixels + pixel)
      let (from, to) = toFeatures ? (map, feature) : (feature, map)
      output[to] = input[from]
      output[to + 1] = input[from + 1]
    }
  }
}

/// Uniform initial values of one tensor, packed `[⌈small/4⌉][taps][big][4]`; padding is not written.
public func initialise(
  _ parameter: UnsafeMutablePointer<Float>, small: Int, big: Int, taps: Int, seed: UInt64, stream: UInt32,
  bound: Float
) {
  var words = SIMD4<UInt32>(repeating: 0)
  for index in 0..<small * big * taps {
    if index & 3 == 0 {
      words = Philox4x32.words(
        key: seed, counter: SIMD4(stream, 0, 0, UInt32(truncatingIfNeeded: index >> 2)))
    }
    let (tap, b, s) = (index % taps, index / taps % big, index / taps / big)
    let place = (((s >> 2) * taps + tap) * big + b) * 4 + (s & 3)
    parameter[place] = Formulas.initialWeight(RandomVariates.uniform(words[index & 3]), bound: bound)
  }
}
