import ArgumentParser
import Datasets
import Foundation
import Programs
import Provenance
import Storage
import Training

/// `facsimile verify`
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify",
    abstract: "Trains a run again and compares the bits of every epoch.",
    discussion: """
      Checks that the files of the run are unchanged, trains it again without writing anything, on any device, and compares \
      parameters, optimizer state, losses and metrics after every epoch. The verdict:

        REPRODUCED    exit status 0: every epoch has the same bits
        DIVERGED      exit status 1: an epoch has other bits; the first is named, with a trace also step and tensor
        TAMPERED      exit status 1: files of the run were changed
        INCONCLUSIVE  exit status 2: data, device, program version or signature are missing; says what to provide
        SIGNED        exit status 0: with --signature-only, the files are as they were signed

      With --trusted, the run must also be as it was signed with that key ('facsimile sign'): other files, or a changed \
      signature, are TAMPERED; no signature, or one by another key, is INCONCLUSIVE.

      Examples:
        facsimile verify runs/conv-autoencoder-1
        facsimile verify runs/vae-1 --device opencl --epochs 1-3
        facsimile verify runs/vae-1 --trusted my.key.pub --signature-only
      """)

  @Argument(help: ArgumentHelp("The run folder.", valueName: "run"), completion: .directory)
  var path: String

  @OptionGroup var data: DataOptions
  @OptionGroup var device: DeviceOptions

  @Option(
    help: ArgumentHelp(
      "The epochs to train again, such as 3 or 2-5 (default: all); training starts from the kept checkpoint before them, if "
        + "there is one (keep-checkpoints).", valueName: "epochs"))
  var epochs: String?

  @Option(
    help: ArgumentHelp("The public key of the signer, an Ed25519 key in PEM.", valueName: "file"),
    completion: .file())
  var trusted: String?

  @Flag(help: "Check the signature only (--trusted), and train nothing again.")
  var signatureOnly = false

  @OptionGroup var output: OutputOptions

  private struct Figures: Encodable {
    let verdict: Verification.Verdict
    let reason: String
    let run: String
    let firstEpoch: Int?
    let lastEpoch: Int?
    let divergedEpoch: Int?
    let divergedStep: Int?
    let tensor: String?
    let keyid: String?
  }

  func run() throws {
    guard trusted != nil || !signatureOnly else {
      throw UsageError("--signature-only needs the signer's public key: --trusted FILE")
    }
    let key = try trusted.map { try PublicKey(contentsOf: URL(systemPath: $0)) }
    var verification = try signature(key) ?? verify()
    if let key, verification.verdict == .reproduced {
      verification = verification.adding("; the files are as signed by the key \(key.identifier)")
    }
    if output.json {
      try Console.json(
        Figures(
          verdict: verification.verdict, reason: verification.reason, run: path,
          firstEpoch: verification.epochs?.lowerBound, lastEpoch: verification.epochs?.upperBound,
          divergedEpoch: verification.epoch, divergedStep: verification.step, tensor: verification.tensor,
          keyid: key?.identifier))
    } else {
      Console.say("\(verification.verdict.rawValue): \(verification.reason)")
    }
    switch verification.verdict {
    case .reproduced, .signed: return
    case .diverged, .tampered: throw ExitCode(ExitStatus.no)
    case .inconclusive: throw ExitCode(ExitStatus.couldNotRun)
    }
  }

  /// The verdict on the signature; nil if the run must be trained again.
  private func signature(_ key: PublicKey?) throws -> Verification? {
    guard let key else { return nil }
    let verification = try Receipt(RunFolder(reading: URL(systemPath: path, isDirectory: true))).verify(key)
    return verification.verdict == .signed && !signatureOnly ? nil : verification
  }

  private func verify() throws -> Verification {
    let folder = try RunFolder(reading: URL(systemPath: path, isDirectory: true))
    guard Files.exists(folder.manifestFile) || Files.exists(folder.checkpointFile) else {
      return Verification(
        .inconclusive, "\(path) has no manifest.json: it holds imported weights, whose training is not known")
    }
    let verifier: Verifier
    do {
      verifier = try Verifier(folder)
    } catch  where Trainer.isOfTheFiles(error) {
      return Verification(.tampered, "\(error)")
    }
    if let obstacle = verifier.obstacle { return Verification(.inconclusive, obstacle) }
    let range = try range(upTo: verifier.manifest.epochs.count)
    let (dataset, backend): (Dataset, any Backend)
    do {
      (dataset, backend) = (try data.load(of: folder), try device.open(isAside: output.json))
    } catch let error where !(error is UsageError) {
      return Verification(.inconclusive, "\(error)")
    }
    let reporter = TrainingReporter(epochs: range.upperBound, isAside: output.json)
    defer { reporter.finish() }
    let verification = try verifier.verify(
      range, dataset: dataset, backend: backend, signal: .onInterrupt(), listener: reporter.report)
    guard let verification else { throw ExitCode(ExitStatus.interrupted) }
    return verification
  }

  /// Throws: `UsageError` if `--epochs` is not within the completed ones.
  private func range(upTo last: Int) throws -> ClosedRange<Int> {
    guard let epochs else { return 1...last }
    let ends = epochs.split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
    guard let first = ends.first ?? nil, let end = ends.last ?? nil, ends.count <= 2, 1...last ~= first,
      first...max(first, last) ~= end
    else {
      throw UsageError(
        "--epochs is '\(epochs)': expected a number or a range such as 2-5, from 1 to \(last)")
    }
    return first...end
  }
}
