import Datasets
import Foundation
import Testing

/// Whether FACSIMILE_DATA names folders; the real files are too large for the repository.
private let hasData = ProcessInfo.processInfo.environment["FACSIMILE_DATA"].map { !$0.isEmpty } ?? false
private let fashionFolder = "/usr/share/datasets/fashion-mnist"

@Suite("The published data sets")
struct RealDataTests {
  @Test("MNIST is found, verified and has its known figures", .enabled(if: hasData))
  func mnist() throws {
    let figures = try DatasetCatalog().inspect("mnist")
    #expect(figures.isVerified)
    #expect(figures.train.images == 60_000 && figures.test.images == 10_000)
    #expect(figures.train.classHistogram?[0] == 5923 && figures.test.classHistogram?[1] == 1135)
    #expect(abs(figures.train.mean - 0.1307) < 5e-5)
    #expect(abs(figures.train.standardDeviation - 0.3081) < 5e-5)
    #expect(figures.sha256 == "b2d8f5bf39174ee5ffeefa97e42d673c35432b411bb5d1f74fbbeddae7f1690a")
    let byFolder = try DatasetCatalog(environment: [:]).load(figures.folder)
    #expect(byFolder.name == "mnist" && byFolder.isVerified && byFolder.sha256 == figures.sha256)
    let direct = DatasetCatalog(environment: ["FACSIMILE_DATA": figures.folder])
    #expect(try direct.load("mnist").sha256 == figures.sha256)
  }

  @Test(
    "Debian's Fashion-MNIST is found and verified",
    .enabled(if: FileManager.default.fileExists(atPath: fashionFolder)))
  func fashion() throws {
    let figures = try DatasetCatalog(environment: [:]).inspect("fashion-mnist")
    #expect(figures.isVerified && figures.folder == fashionFolder)
    #expect(figures.train.classHistogram == [Int](repeating: 6000, count: 10))
    #expect(figures.sha256 == "14410854cf7a289477dcfc7df3f8ec24741e281cdcc425ede0d9a748ca630214")
  }
}
