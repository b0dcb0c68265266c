import ArgumentParser
import Foundation
import Provenance
import Storage
import Training

/// `facsimile sign`
struct SignCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "sign", abstract: "Signs a run with an Ed25519 key.",
    discussion: """
      Writes receipt.dsse.json into the run folder: an in-toto statement with the SHA-256 of the manifest, the settings, the \
      metrics, the last checkpoint and the best weights, the data set's hash and every epoch's state hash, in a signed DSSE \
      envelope. 'facsimile verify RUN --trusted KEY.pub' checks it. Keys are PEM files, as 'openssl genpkey -algorithm ed25519' \
      writes them. A run that is resumed has to be signed again.

      Examples:
        facsimile sign --new-key my.key
        facsimile sign runs/vae-1 --key my.key
      """)

  @Argument(help: ArgumentHelp("The run folder.", valueName: "run"), completion: .directory)
  var path: String?

  @Option(help: ArgumentHelp("The private key.", valueName: "file"), completion: .file())
  var key: String?

  @Option(
    help: ArgumentHelp(
      "Make a new private key, which only its owner can read, and its public key FILE.pub; then sign the run with it, if one is "
        + "named.", valueName: "file"), completion: .file())
  var newKey: String?

  @OptionGroup var output: OutputOptions

  private struct Figures: Encodable {
    let keyid: String
    let publicKey: String?
    let receipt: String?
  }

  func run() throws {
    guard (key == nil) != (newKey == nil) else {
      throw UsageError("expected one of --key FILE and --new-key FILE")
    }
    guard path != nil || newKey != nil else { throw UsageError("expected a run folder to sign") }
    // Any problem with the run must be found before a key is created.
    let folder = try path.map { try RunFolder(resuming: URL(systemPath: $0, isDirectory: true)) }
    let key = try privateKey()
    try folder.map { try Receipt($0).write(by: key) }
    let (keyid, made) = (key.publicKey.identifier, newKey.map { $0 + ".pub" })
    if output.json {
      return try Console.json(Figures(keyid: keyid, publicKey: made, receipt: folder?.receiptFile.path))
    }
    if let made, let newKey {
      Console.say("\(newKey): a new key, to be kept secret; \(made): its public key")
    }
    if let folder { Console.say("\(folder.receiptFile.path): signed by the key \(keyid)") }
  }

  private func privateKey() throws -> PrivateKey {
    if let newKey { return try PrivateKey(writing: URL(systemPath: newKey)) }
    let url = URL(systemPath: key!)
    let key = try PrivateKey(contentsOf: url)
    var status = stat()
    if url.path.withSystemPath({ stat($0, &status) }) == 0, status.st_mode & 0o077 != 0 {
      Console.warn("others may read the private key: chmod 600 \(shellQuoted(path: self.key!))")
    }
    return key
  }
}
