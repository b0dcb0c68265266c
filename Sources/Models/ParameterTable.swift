import Numerics
import Programs

/// One tensor of a model.
package struct Parameter: Hashable, Sendable {
  /// PyTorch's name: `encoder.conv1.weight`.
  package let name: String
  /// Shape in PyTorch's order, and the packed order it is stored in.
  package let shape: ParameterShape
  /// Index of the layer it belongs to.
  package let layer: Int
  /// Index of the module (layer with parameters, as PyTorch counts them) it belongs to.
  package let module: Int
  /// Where it starts in every arena, in floats.
  package let offset: Int
  /// Bound of its initial values: 1 / √(fan in).
  package let bound: Float
  /// Whether its gradient comes chunk by chunk.
  let isConvolution: Bool

  /// The segments it takes in every arena.
  package var segments: Range<UInt32> {
    let first = UInt32(offset / Blocking.segment)
    return first..<first + UInt32(Blocking.wholeSegments(shape.packedCount) / Blocking.segment)
  }
}

/// All tensors of a model in state order: the order of PyTorch's `state_dict`.
package struct ParameterTable: Hashable, Sendable {
  /// The tensors.
  package let parameters: [Parameter]
  /// Floats in an arena that holds all of them.
  package let arenaCount: Int
  /// Floats at the front of an arena that hold the tensors of convolutions.
  let convolutionCount: Int

  /// The tensors of `architecture`.
  ///
  /// State order determines hashes, streams and sums; the offset of a tensor in the arena does not. In the arena the
  /// convolutions come first, so that chunk-wise gradients need memory for them only.
  ///
  /// Throws: `ProgramError` if the layers do not fit together.
  package init(_ architecture: Architecture) throws {
    var found: [(name: String, shape: ParameterShape, layer: Int, module: Int, of: ModuleShape)] = []
    var shape = architecture.input
    var module = 0
    for (layer, description) in architecture.layers.enumerated() {
      for parts in try description.definition.modules(shape) {
        found.append((parts.name + ".weight", parts.weight, layer, module, parts))
        found.append((parts.name + ".bias", .bias(parts.outputs), layer, module, parts))
        module += 1
      }
      shape = try description.output(of: shape)
    }
    var offsets = [Int](repeating: 0, count: found.count)
    var next = 0
    func place(_ wanted: (ModuleShape) -> Bool) {
      for index in found.indices where wanted(found[index].of) {
        offsets[index] = next
        next += Blocking.wholeSegments(found[index].shape.packedCount)
      }
    }
    place(\.isConvolution)
    convolutionCount = next
    place { !$0.isConvolution }
    arenaCount = next
    parameters = zip(found, offsets).map { entry, offset in
      Parameter(
        name: entry.name, shape: entry.shape, layer: entry.layer, module: entry.module, offset: offset,
        bound: HostScalars.initialisationBound(fanIn: entry.of.fanIn), isConvolution: entry.of.isConvolution)
    }
  }

  /// Number of values, excluding padding.
  package var valueCount: Int { parameters.reduce(0) { $0 + $1.shape.count } }

  /// Index in state order of the tensor called `name`.
  package func index(_ name: String) -> Int? { parameters.firstIndex { $0.name == name } }

  /// State-order indices of the tensors that `layers` trains.
  package func trainable(_ layers: TrainingPhases.Layers) -> Set<Int> {
    switch layers {
    case .all: return Set(parameters.indices)
    case .last(let count):
      return Set(parameters.indices.filter { parameters[$0].module >= moduleCount - count })
    }
  }

  /// The tensor that each segment of an arena belongs to, as ``Programs/Update`` requires.
  func owners(trainable: Set<Int>) -> [UInt32] {
    var owners = [UInt32](repeating: Update.frozen, count: arenaCount / Blocking.segment)
    for index in trainable {
      for segment in parameters[index].segments { owners[Int(segment)] = UInt32(index) }
    }
    return owners
  }

  /// Number of modules with parameters.
  package var moduleCount: Int { (parameters.last?.module ?? -1) + 1 }
}
