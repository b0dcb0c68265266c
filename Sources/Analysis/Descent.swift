import AnalysisKernels
import Numerics

/// The gradient descent of t-SNE.
final class Descent {
  /// Positions of the points.
  let points: UnsafeMutablePointer<SIMD2<Double>>

  private let affinities: Affinities
  private let threads: Int
  private let chunks: Chunks
  private let field: RepulsiveField
  private let attractions: UnsafeMutablePointer<SIMD2<Double>>
  private let slopes: UnsafeMutablePointer<SIMD2<Double>>
  private let updates: UnsafeMutablePointer<SIMD2<Double>>
  private let gains: UnsafeMutablePointer<SIMD2<Double>>

  private static let leastGain = 0.01
  private static let longestStep = 5.0

  init(_ settings: TSNE, _ affinities: Affinities, start: [SIMD2<Double>]) {
    self.affinities = affinities
    threads = settings.threads
    chunks = Chunks(start.count)
    field = RepulsiveField(count: start.count, threads: settings.threads)
    func memory(_ value: SIMD2<Double>) -> UnsafeMutablePointer<SIMD2<Double>> {
      let memory = UnsafeMutablePointer<SIMD2<Double>>.allocate(capacity: start.count)
      memory.initialize(repeating: value, count: start.count)
      return memory
    }
    points = memory(.zero)
    attractions = memory(.zero)
    slopes = memory(.zero)
    updates = memory(.zero)
    gains = memory(SIMD2(1, 1))
    for (index, point) in start.enumerated() { points[index] = point }
  }

  deinit { for memory in [points, attractions, slopes, updates, gains] { memory.deallocate() } }

  /// One iteration: y ← y + momentum · (last change) − rate · gain · gradient, with rate n / exaggeration; then the
  /// points are centred at 0. The gradient is a quarter of the true one, as in the papers on that rate.
  func step(exaggeration: Double, momentum: Double) {
    let normalisation = forces()
    let rate = Double(chunks.total) / exaggeration
    let repulsion = 0.5 / normalisation
    nonisolated(unsafe) let d = self
    let sums = concurrentMap(chunks.count, threads: threads) { chunk in
      var sum = SIMD2<Double>.zero
      for index in d.chunks[chunk] {
        let gradient = d.attractions[index] * exaggeration + d.slopes[index] * repulsion
        let last = d.updates[index]
        let isTurning = (last * gradient) .>= 0
        var gain = d.gains[index]
        // A change goes against the gradient: the same sign means that the gradient has changed direction.
        gain = (gain + 0.2).replacing(with: gain * 0.8, where: isTurning)
        gain = pointwiseMax(gain, SIMD2(repeating: Descent.leastGain))
        d.gains[index] = gain
        var change = last * momentum - gain * gradient * rate
        let length = (change * change).sum().squareRoot()
        if length > Descent.longestStep { change *= Descent.longestStep / length }
        d.updates[index] = change
        d.points[index] += change
        sum += d.points[index]
      }
      return sum
    }
    let mean = sums.reduce(.zero, +) / Double(chunks.total)
    for index in 0..<chunks.total { points[index] -= mean }
  }

  /// Attraction and gradient of the field at every point; returns Σ over pairs of 1 / (1 + |yᵢ − yⱼ|²).
  private func forces() -> Double {
    nonisolated(unsafe) let d = self
    concurrently(chunks.count, threads: threads) { chunk in
      let range = d.chunks[chunk]
      d.rows {
        attraction($0, points: d.points, from: range.lowerBound, to: range.upperBound, forces: d.attractions)
      }
    }
    return field.slopes(points, slopes) - Double(chunks.total)
  }

  /// The divergence at the current positions.
  func divergence() -> Double {
    nonisolated(unsafe) let d = self
    let sums = concurrentMap(chunks.count, threads: threads) { chunk in
      let range = d.chunks[chunk]
      return d.rows { attractionEnergy($0, points: d.points, from: range.lowerBound, to: range.upperBound) }
    }
    let normalisation = field.slopes(points, slopes) - Double(chunks.total)
    return affinities.negativeEntropy + sums.reduce(0, +) + Elementary.log(normalisation)
  }

  private func rows<Result>(_ body: (NeighbourRows) -> Result) -> Result {
    affinities.starts.withUnsafeBufferPointer { starts in
      affinities.indices.withUnsafeBufferPointer { indices in
        affinities.weights.withUnsafeBufferPointer { weights in
          body(
            NeighbourRows(
              starts: starts.baseAddress!, indices: indices.baseAddress!, weights: weights.baseAddress!))
        }
      }
    }
  }
}
