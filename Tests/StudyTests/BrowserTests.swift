import Datasets
import Foundation
import Study
import TestSupport
import Testing

/// The report in a real browser, by `tools/check-report`.
@Suite struct BrowserTests {
  private static let tool = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("../../tools/check-report").standardizedFileURL

  /// Skipped if there is no browser, unless CI requires one.
  private static let isWanted: Bool = {
    let environment = ProcessInfo.processInfo.environment
    if environment["FACSIMILE_REQUIRE_BROWSER"] == "1" { return true }
    let folders = (environment["PATH"] ?? "").split(separator: ":")
    return ["chromium", "chromium-browser", "google-chrome"].contains { name in
      folders.contains { FileManager.default.isExecutableFile(atPath: "\($0)/\(name)") }
    }
  }()

  private static let colour = ImageShape(channels: 3, height: 16, width: 24)

  @Test(.enabled(if: isWanted), arguments: [ImageShape.mnist, colour])
  func theReportWorks(shape: ImageShape) throws {
    try inFolder { folder in
      var settings = StudySettings()
      settings.isQuick = true
      let study = try Study(
        settings, dataset: Blobs.dataset(train: 200, test: 60, shape: shape), folder: folder, backend: cpu(2),
        threads: 2)
      _ = try study.run()
      let process = Process()
      process.executableURL = Self.tool
      process.arguments = [study.folder.reportFile.path]
      let output = Pipe()
      (process.standardOutput, process.standardError) = (output, output)
      try process.run()
      let said = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
      process.waitUntilExit()
      #expect(process.terminationStatus == 0, "\(said)")
    }
  }
}
