import Foundation

@testable import Datasets
@testable import Models
@testable import OpenCLBackend
@testable import Pictures
@testable import Provenance
@testable import Search
@testable import Storage
@testable import Training

/// A reader of files that may come from anywhere. Each is given arbitrary bytes, with the checksums in them
/// repaired if a wrong one would end the reading at once.
enum Reader: String, CaseIterable {
  case idx, gzip, zip, png, cifar, safetensors, checkpoint, configuration, space, manifest, receipt
  case programs

  /// Reads the bytes as a file of this kind. Any error is fine, a crash is not.
  ///
  /// - Parameter place: an empty folder.
  func read(_ bytes: Data, in place: URL) throws {
    let file = place.appendingPathComponent("file")
    func put(_ data: Data, as name: String = "file") throws {
      try data.write(to: place.appendingPathComponent(name))
    }
    switch self {
    case .idx:
      try put(bytes)
      _ = try? IDX.labels(contentsOf: file)
      _ = try IDX.images(contentsOf: file)
    case .gzip:
      try put(Repair.gzip(bytes))
      _ = try? IDX.labels(contentsOf: file)
      _ = try IDX.images(contentsOf: file)
    case .zip:
      try put(bytes, as: EMNISTArchive.file)
      _ = try EMNISTArchive(in: place)!.read(.emnistLetters)
    case .png:
      try put(Repair.png(bytes))
      _ = try? PNGHeader(contentsOf: file)
      _ = try Picture(contentsOf: file)
    case .cifar:
      // The file of names is what follows the last complete record.
      let record = 1 + CIFAR10Folder.shape.count
      let end = bytes.startIndex + bytes.count / record * record
      let sound = Data(repeating: 3, count: record)
      let others = (2...5).map { "data_batch_\($0).bin" } + ["test_batch.bin"]
      for name in others where !Files.exists(place.appendingPathComponent(name)) { try put(sound, as: name) }
      try put(end > bytes.startIndex ? bytes[..<end] : sound, as: "data_batch_1.bin")
      let names = place.appendingPathComponent("batches.meta.txt")
      if end == bytes.endIndex { try? removeAll(names) } else { try Data(bytes[end...]).write(to: names) }
      _ = try DatasetFolder(url: place).read(as: nil)
    case .safetensors:
      try put(bytes)
      let tensors = try SafeTensors(contentsOf: file)
      for name in tensors.names { _ = try? tensors.floats(name) }
      try tensors.write(to: file)
      guard try SafeTensors(contentsOf: file) == tensors || !tensors.unreadable.isEmpty else {
        fatalError("what was written reads back as something else")
      }
    case .checkpoint:
      try put(bytes)
      var tensors = try SafeTensors(contentsOf: file)
      tensors.seal()
      try tensors.write(to: file)
      _ = try? Weights(importing: tensors, model: .convAutoencoder)
      _ = try Checkpoint(contentsOf: file)
    case .configuration:
      try put(bytes)
      let configuration = try Configuration(pairs: ConfigurationFile.pairs(contentsOf: file))
      let again = try Configuration(pairs: ConfigurationFile.pairs(ConfigurationFile.text(configuration)))
      guard again == configuration else { fatalError("what was written reads back as something else") }
    case .space:
      let space = try SearchSpace(String(decoding: bytes, as: UTF8.self))
      _ = space.base
    case .manifest:
      try put(Data(), as: "config.yaml")
      try put(Repair.manifest(bytes), as: "manifest.json")
      let manifest = try RunFolder(reading: place).manifest()
      _ = MetricsTable.csv(manifest.epochs)
    case .receipt:
      try put(Data(), as: "config.yaml")
      try put(Repair.receipt(bytes), as: "receipt.dsse.json")
      _ = try Receipt(RunFolder(reading: place)).verify(Repair.key.publicKey)
    case .programs:
      let cache = ProgramCache(folder: place)
      try put(Repair.program(bytes))
      if let entry = cache.load("file").flatMap(CacheEntry.init) { _ = entry.bytes }
    }
  }
}
