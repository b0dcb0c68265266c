import Numerics

/// Which of the eight images of `half` are among the first `there` of the block.
@inline(__always) func laneMask(_ there: Int, _ half: Int) -> LaneMask {
  SIMD8<Int32>(0, 1, 2, 3, 4, 5, 6, 7) .< SIMD8(repeating: Int32(truncatingIfNeeded: there - 8 * half))
}

@inline(__always) func cleared(_ value: Lanes, _ there: LaneMask) -> Lanes {
  choose(there, value, Lanes(repeating: 0))
}

/// One block of mean squared error: per image Σ (p − t)² in (channel, y, x) order, and the gradient, with respect to
/// the logit if `throughSigmoid`. Only the first `there` images count.
public func meanSquaredError(
  _ prediction: Images, _ target: Images, _ size: MapSize, perImage: MutableImages, gradient: MutableImages?,
  scale: Float, throughSigmoid: Bool, there: Int
) {
  // Both halves at once: two chains hide each other's latency.
  let masks = (laneMask(there, 0), laneMask(there, 1))
  var sums = (Lanes(repeating: 0), Lanes(repeating: 0))
  size.forEachElement { _, place in
    let (p, q) = (prediction[place], prediction[place + 1])
    let (t, u) = (target[place], target[place + 1])
    sums.0 = Formulas.squaredError(p, t, addedTo: sums.0)
    sums.1 = Formulas.squaredError(q, u, addedTo: sums.1)
    if let gradient {
      var g = Formulas.squaredErrorGradient(p, t, scale: scale)
      var h = Formulas.squaredErrorGradient(q, u, scale: scale)
      if throughSigmoid {
        g = Formulas.sigmoidGradient(g, result: p)
        h = Formulas.sigmoidGradient(h, result: q)
      }
      gradient[place] = cleared(g, masks.0)
      gradient[place + 1] = cleared(h, masks.1)
    }
  }
  perImage[0] = cleared(Summation.closed(sums.0), masks.0)
  perImage[1] = cleared(Summation.closed(sums.1), masks.1)
}

/// One block of binary cross-entropy on logits: per image the sum in (channel, y, x) order, and the gradient.
/// Only the first `there` images count.
public func binaryCrossEntropy(
  _ logits: Images, _ target: Images, _ size: MapSize, perImage: MutableImages, gradient: MutableImages?,
  scale: Float, there: Int
) {
  for half in 0..<2 {
    let mask = laneMask(there, half)
    var sum = Lanes(repeating: 0)
    size.forEachElement { _, place in
      let place = place + half
      let (x, t) = (logits[place], target[place])
      sum = sum + Formulas.binaryCrossEntropy(x, t)
      if let gradient {
        gradient[place] = cleared(Formulas.binaryCrossEntropyGradient(x, t, scale: scale), mask)
      }
    }
    perImage[half] = cleared(Summation.closed(sum), mask)
  }
}

/// One block of softmax and cross-entropy over `classes` logits; see the descriptor. `indices` are the data
/// set indices of the block's images, of which the first `there` count.
public func crossEntropy(
  _ logits: Images, classes: Int, labels: UnsafePointer<UInt8>, indices: Indices, perImage: MutableImages,
  correct: MutableImages, gradient: MutableImages?, scale: Float, there: Int
) {
  let zero = Lanes(repeating: 0)
  for half in 0..<2 {
    let mask = laneMask(there, half)
    var label = WordLanes(repeating: 0)
    for lane in 0..<8 where 8 * half + lane < there {
      label[lane] = UInt32(labels[Int(indices[8 * half + lane])])
    }
    var (highest, best) = (logits[half], WordLanes(repeating: 0))
    var ofLabel = logits[half]
    for i in 1..<classes {
      let (x, index) = (logits[2 * i + half], WordLanes(repeating: UInt32(truncatingIfNeeded: i)))
      let above = x .> highest
      highest = choose(above, x, highest)
      best = choose(above, Lanes(words: index), Lanes(words: best)).words
      ofLabel = choose(label .== index, x, ofLabel)
    }
    var sum = zero
    for i in 0..<classes {
      sum = Formulas.softmaxSum(logit: logits[2 * i + half], maximum: highest, addedTo: sum)
    }
    sum = Summation.closed(sum)
    perImage[half] = cleared(Formulas.crossEntropy(logit: ofLabel, maximum: highest, sum: sum), mask)
    correct[half] = cleared(choose(best .== label, Lanes(repeating: 1), zero), mask)
    if let gradient {
      for i in 0..<classes {
        let p = Formulas.softmax(logit: logits[2 * i + half], maximum: highest, sum: sum)
        let target = choose(
          label .== WordLanes(repeating: UInt32(truncatingIfNeeded: i)), Lanes(repeating: 1), zero)
        let g = Formulas.crossEntropyGradient(p, target: target, scale: scale)
        gradient[2 * i + half] = cleared(g, mask)
      }
    }
  }
}
