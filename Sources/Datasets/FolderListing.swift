import Foundation
import Storage

/// The contents of a folder in natural order, without hidden files and folders.
struct FolderListing {
  let url: URL
  /// Names of the folders.
  let folders: [String]
  /// Names of everything else.
  let files: [String]

  init(_ url: URL) throws {
    self.url = url
    let names = try Files.names(in: url).filter { !$0.hasPrefix(".") }
    var (folders, files): ([String], [String]) = ([], [])
    for name in names {
      let path = url.appendingPathComponent(name).path
      // It could be a class, or an image.
      if let target = Files.target(of: path) { throw DanglingLink(path: path, target: target) }
      if Files.isFolder(path) { folders.append(name) } else { files.append(name) }
    }
    self.folders = NaturalOrder.sorted(folders)
    self.files = NaturalOrder.sorted(files)
  }

  /// The PNG files; pictures in other formats are refused, other files ignored.
  ///
  /// - Throws: `DatasetError` naming a picture in an unsupported format.
  func images() throws -> [URL] {
    if let other = files.first(where: { Self.otherPictures.contains(Self.ending($0)) }) {
      throw DatasetError(
        .notReadable, path: url.appendingPathComponent(other).path,
        "only PNG files are supported: convert or remove it")
    }
    return files.filter { Self.ending($0) == "png" }.map { url.appendingPathComponent($0) }
  }

  /// Neither folders nor pictures.
  var holdsNoImages: Bool {
    folders.isEmpty
      && !files.contains { Self.ending($0) == "png" || Self.otherPictures.contains(Self.ending($0)) }
  }

  /// Files that a data set may be packed in.
  var archives: [URL] {
    files.map { url.appendingPathComponent($0) }.filter(Self.isArchive)
  }

  static func isArchive(_ url: URL) -> Bool {
    [".tar.gz", ".tgz", ".tar", ".zip"].contains { url.lastPathComponent.hasSuffix($0) }
  }

  private static let otherPictures: Set = ["bmp", "gif", "jpeg", "jpg", "pgm", "ppm", "tif", "tiff", "webp"]

  private static func ending(_ name: String) -> String {
    URL(systemPath: name).pathExtension.lowercased()
  }
}
