import Foundation
import Numerics
import Storage
import Training

/// The signature of a run: `receipt.dsse.json`.
package struct Receipt {
  private let folder: RunFolder
  private static let mostBytes = 1 << 26
  private static let mostSignatures = 16

  /// The receipt of a run, which may be missing.
  package init(_ folder: RunFolder) { self.folder = folder }

  /// Whether the run has one, even an unreadable one.
  package var exists: Bool { Files.isTaken(folder.receiptFile.path) }

  /// Signs the run as it is; replaces an earlier receipt.
  ///
  /// - Throws: as ``RunFolder/requireIntact()``; `TrainingError` if the run has no completed epoch, or is in progress.
  package func write(by key: PrivateKey) throws {
    let manifest = try folder.requireIntact()
    guard manifest.state != .running, !manifest.epochs.isEmpty else {
      throw TrainingError(
        .run,
        "\(folder.url.path) "
          + (manifest.epochs.isEmpty ? "has no completed epoch" : "was killed, or is training")
          + ": only a run at rest can be signed", remedy: .goOn(folder: folder.url.path))
    }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    let text = try encoder.encode(Envelope(Statement(folder).json(), by: key))
    try AtomicFile.write(text + Data("\n".utf8), to: folder.receiptFile)
  }

  /// Whether the run is as the owner of `trusted` signed it.
  ///
  /// - Throws: `FileError` if a file exists and cannot be read.
  package func verify(_ trusted: PublicKey) throws -> Verification {
    let name = folder.receiptFile.lastPathComponent
    guard exists else {
      return Verification(.inconclusive, "the run has no \(name): 'facsimile sign' writes one")
    }
    func damaged(_ what: String) -> Verification { Verification(.tampered, "\(name) \(what)") }
    let envelope: Envelope
    do {
      envelope = try JSONDecoder().decode(
        Envelope.self, from: readFile(folder.receiptFile, upTo: Self.mostBytes))
    } catch let error as FileError {
      throw error
    } catch is DecodingError {
      return damaged("is not a DSSE envelope")
    } catch {
      return Verification(.tampered, "\(error)")
    }
    guard envelope.payloadType == Envelope.statementType else {
      return damaged("holds a payload of another type than \(Envelope.statementType)")
    }
    guard let payload = Data(base64Encoded: envelope.payload) else {
      return damaged("holds a payload that is not base64")
    }
    guard 1...Self.mostSignatures ~= envelope.signatures.count else {
      return damaged(
        "holds \(counted(envelope.signatures.count, "signature")), expected 1 to \(Self.mostSignatures)")
    }
    let message = Envelope.signed(payload, envelope.payloadType)
    let isSigned = envelope.signatures.contains { signature in
      signature.keyid == trusted.identifier
        && Data(base64Encoded: signature.sig).map { trusted.accepts(Array($0), of: message) } == true
    }
    guard isSigned else {
      let others = envelope.signatures.map { String($0.keyid.prefix(64)) }
      guard !others.contains(trusted.identifier) else {
        return damaged("has been changed: its signature does not fit (key \(trusted.identifier))")
      }
      return Verification(
        .inconclusive,
        "the run is signed by the key \(others.joined(separator: ", ")), and the trusted one is \(trusted.identifier)"
      )
    }
    return try compare(payload, trusted)
  }

  /// Compares what was signed with the current files.
  private func compare(_ payload: Data, _ trusted: PublicKey) throws -> Verification {
    guard let signed = try? JSONDecoder().decode(Statement.self, from: payload),
      signed.type == Statement.type, signed.predicateType == Statement.predicateType
    else {
      return Verification(
        .inconclusive, "the signature is right, but what was signed is of another version or another program")
    }
    let now: Statement
    do {
      now = try Statement(folder)
    } catch let error as FileError {
      throw error
    } catch {
      return Verification(.tampered, "\(error)")
    }
    if let difference = signed.difference(from: now) {
      return Verification(
        .tampered, "\(difference); a run that was resumed since is to be signed again")
    }
    return Verification(
      .signed, "\(counted(signed.subject.count, "file")) as signed by the key \(trusted.identifier)")
  }
}
