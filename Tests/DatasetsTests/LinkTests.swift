import Datasets
import Foundation
import Storage
import TestSupport
import Testing

/// A dangling link is not the same as nothing: the disk may not be mounted.
@Suite("Links that lead nowhere")
struct LinkTests {
  private let folder: TemporaryFolder

  init() throws { folder = try TemporaryFolder() }

  private func link(_ name: String) throws {
    try FileManager.default.createDirectory(
      at: folder.file(name).deletingLastPathComponent(), withIntermediateDirectories: true)
    try? FileManager.default.removeItem(at: folder.file(name))
    try FileManager.default.createSymbolicLink(
      atPath: folder.path(name), withDestinationPath: "/no/such/disk/\(name)")
  }

  private func refused() throws {
    let error = #expect(throws: DanglingLink.self) { try DatasetCatalog().load(folder.path("data")) }
    #expect(error?.description.contains("/no/such/disk/") == true)
  }

  @Test(
    "Labels and images",
    arguments: ["train-labels-idx1-ubyte", "t10k-labels-idx1-ubyte", "t10k-images-idx3-ubyte"])
  func idx(_ name: String) throws {
    for (prefix, count) in [("train", 20), ("t10k", 10)] {
      let pixels = [UInt8](repeating: 7, count: count * 64)
      try folder.put("data/\(prefix)-images-idx3-ubyte", TestSupport.idx(0x803, [count, 8, 8], pixels))
      let labels = (0..<count).map { UInt8($0 % 2) }
      try folder.put("data/\(prefix)-labels-idx1-ubyte", TestSupport.idx(0x801, [count], labels))
    }
    _ = try DatasetCatalog().load(folder.path("data"))
    try link("data/\(name)")
    try refused()
  }

  @Test(
    "A folder of a class, a picture, and the data themselves",
    arguments: ["data/cat", "data/dog/1.png", "data"])
  func pictures(_ name: String) throws {
    if name != "data" { try folder.put("data/dog/notes.txt", Data()) }
    try link(name)
    try refused()
  }
}
