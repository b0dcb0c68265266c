import Analysis
import Foundation
import Pictures
import Storage

/// The files of TensorBoard's embedding projector: codes, metadata of each, and the images as one sprite.
///
/// `projector_config.json` is for projector.tensorflow.org and similar sites, `projector_config.pbtxt` for `tensorboard
/// --logdir FOLDER`; both name the same files. All bytes are a function of the contents.
package struct ProjectorFiles {
  /// Names of the files, in the order in which they are written; the configurations come last.
  package static let names = [
    "tensors.tsv", "metadata.tsv", "sprite.png", "projector_config.json", "projector_config.pbtxt",
  ]

  private let tensors: String
  private let metadata: String
  private let sprite: Sprite
  private let json: String
  private let text: String

  /// Codes of points.
  ///
  /// - Parameters:
  ///   - codes: [points, latent].
  ///   - points: the images; as many as codes have rows, or the call traps.
  ///   - name: what the projector calls the codes.
  package init(codes: Matrix, _ points: Points, name: String = "latent codes") {
    precondition(codes.rows == points.images.count, "ProjectorFiles: \(codes.rows) codes")
    tensors = (0..<codes.rows).map { codes[row: $0].map { "\(Float($0))" }.joined(separator: "\t") + "\n" }
      .joined()
    var columns: [Points.Column] = [("index", points.indices.map(String.init))]
    if let labels = points.labels { columns.append(("label", labels)) }
    columns += points.columns
    // Only files of several columns have a header: in a file of one column it would be the first point's text.
    let header = columns.count > 1 ? [columns.map(\.name)] : []
    let rows = header + (0..<codes.rows).map { row in columns.map { Self.cell($0.values[row]) } }
    metadata = rows.map { $0.joined(separator: "\t") + "\n" }.joined()
    sprite = Sprite(points.images)
    let quoted = Self.quoted(name)
    json = """
      {
        "embeddings": [
          {
            "tensorName": \(quoted),
            "tensorShape": [\(codes.rows), \(codes.columns)],
            "tensorPath": "tensors.tsv",
            "metadataPath": "metadata.tsv",
            "sprite": {
              "imagePath": "sprite.png",
              "singleImageDim": [\(sprite.tile.width), \(sprite.tile.height)]
            }
          }
        ]
      }

      """
    text = """
      embeddings {
        tensor_name: \(quoted)
        tensor_path: "tensors.tsv"
        metadata_path: "metadata.tsv"
        sprite {
          image_path: "sprite.png"
          single_image_dim: \(sprite.tile.width)
          single_image_dim: \(sprite.tile.height)
        }
      }

      """
  }

  /// Writes the files into a folder, which is created if it is missing.
  ///
  /// - Throws: `FileError`, `PNGError`, `FolderNotEmpty`.
  package func write(to folder: URL) throws {
    try makeEmptyFolder(folder)
    for (name, contents) in zip(
      Self.names,
      [
        Data(tensors.utf8), Data(metadata.utf8), try sprite.picture.pngData(), Data(json.utf8),
        Data(text.utf8),
      ])
    {
      try AtomicFile.write(contents, to: folder.appendingPathComponent(name))
    }
  }

  /// Replaces characters that would end a cell with spaces.
  private static func cell(_ text: String) -> String {
    String(text.map { $0 == "\t" || $0.isNewline ? " " : $0 })
  }

  /// A string literal for both formats: quotation marks, backslashes and control characters escaped.
  private static func quoted(_ text: String) -> String {
    let plain = cell(text).unicodeScalars.filter { $0.value >= 0x20 }.map { scalar in
      scalar == "\"" || scalar == "\\" ? "\\\(scalar)" : "\(scalar)"
    }
    return "\"\(plain.joined())\""
  }
}
