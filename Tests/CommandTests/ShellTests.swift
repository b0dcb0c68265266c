import Foundation
import Storage
import TestSupport
import Testing

/// The program in shells and terminals: quoting, names of any bytes, pipes, signals, terminals with few capabilities.
@Suite("In a shell")
struct ShellTests {
  private let place: TemporaryFolder

  init() throws {
    place = try TemporaryFolder()
    try place.putDataset()
  }

  private static let settings = "--device cpu --epochs 1 --batch-size 16 --set hidden=8 filters=2,2,2"

  /// The output and status of bash for this script, which calls the program `facsimile`.
  private func bash(
    _ script: String, environment: [String: String] = [:]
  ) throws -> (status: Int32, text: String) {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/bash")
    process.arguments = ["-c", "facsimile() { \"$PROGRAM\" \"$@\"; }\n" + script]
    process.currentDirectoryURL = place.url
    process.environment = ProcessInfo.processInfo.environment
      .merging(["PROGRAM": Facsimile.program.path, "FACSIMILE_KERNEL_CACHE": "off"]) { $1 }
      .merging(environment) { $1 }
    let pipe = Pipe()
    (process.standardOutput, process.standardError) = (pipe, pipe)
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let data = pipe.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }

  private func expectSuccess(_ script: String, sourceLocation: SourceLocation = #_sourceLocation) throws {
    let result = try bash("set -e\n" + script)
    #expect(result.status == 0, "\(result.text)", sourceLocation: sourceLocation)
  }

  @Test(
    "Every command that is suggested can be pasted",
    arguments: ["it's a run", "--run", "new\nline", #"back\slash $HOME"#, "größe", "~/x*"])
  func quoting(_ name: String) throws {
    let name = name.hasPrefix("-") ? "./\(name)" : name
    try expectSuccess(
      """
      name=\(shellQuoted(name))
      facsimile train conv-autoencoder --data data --out "$name" \(Self.settings) > out
      next=$(grep '^next: ' out); eval "${next#next: }"
      facsimile export "$name" --format safetensors --out w
      facsimile import w --model conv-autoencoder --out "$name.2" > out
      next=$(grep '^next: ' out | sed 's/--data mnist/--data data/'); eval "${next#next: }"
      facsimile train conv-autoencoder --data data --out "$name" 2> out && exit 1
      next=$(sed 's/.*(\\(facsimile.*\\))$/\\1/' out); eval "$next"
      """)
  }

  @Test("A word is quoted as bash reads it back")
  func words() throws {
    for word in ["plain-1.2/3", "", "it's", "a\tb", "caf\u{10F7E9}9", "\u{7}", "\\", "ö 'x'"] {
      let result = try bash("printf %s \(shellQuoted(word)) | od -An -v -tu1 | tr -s ' \\n' ' '")
      let bytes = result.text.split(separator: " ").compactMap { UInt8($0) }
      #expect(bytes == SystemPath.bytes(word), "\(word)")
    }
    #expect(shellQuoted(path: "-x") == "./-x")
  }

  @Test("Folders and files whose names are not UTF-8, wherever a path is taken")
  func notUTF8() throws {
    try expectSuccess(
      #"""
      data=$'caf\xe9'; mv data "$data"; run=$'r\xff/n\xc3'
      facsimile data inspect "$data" | grep -aq '80 images'
      facsimile train conv-autoencoder --data "$data" --out "$run" --tensorboard \#(Self.settings) > out
      next=$(grep -a '^next: ' out); eval "${next#next: }"
      facsimile train --resume "$run" | grep -aq 'its epoch is done'
      facsimile train conv-autoencoder --from "$run" --out two \#(Self.settings)
      facsimile reconstruct "$run" --out $'p\xe9.png'; test -s $'p\xe9.png'
      facsimile evaluate "$run" --curves $'c\xe9.svg' --outputs $'o\xe9'; test -s $'o\xe9'
      facsimile latent "$run" --method pca --out $'m\xe9.csv'; test -s $'m\xe9.csv'
      facsimile export "$run" --format onnx --out $'x\xe9'; test -s $'x\xe9'
      facsimile export "$run" --format projector --out $'j\xe9'; test -d $'j\xe9'
      facsimile report "$run"; test -s "$run/report.html"
      printf 'model: vae\nepochs: 1\nfixed: {hidden: 8}\nspace: {latent: [2]}\n' > $'s\xe9.yaml'
      facsimile search $'s\xe9.yaml' --data "$data" --device cpu; test -s $'s\xe9.sqlite'
      facsimile plan --config "$run/config.yaml"
      cd $'r\xff'; facsimile evaluate $'n\xc3'
      """#)
  }

  @Test("A configuration and a space from a pipe, but not without end")
  func pipes() throws {
    try expectSuccess(
      #"""
      facsimile plan --config <(printf 'model: vae\nlatent: 3\n') | grep -q 'vae'
      printf 'model: vae\nlatent: 3\n' | facsimile plan --config /dev/stdin | grep -q 'vae'
      facsimile search <(printf 'model: vae\nepochs: 1\nfixed: {hidden: 8}\nspace: {latent: [2]}\n') \
        --data data --device cpu --storage s.sqlite
      """#)
    for source in ["/dev/zero", "."] {
      let result = try bash("facsimile plan --config \(source)")
      #expect(result.status != 0 && result.text.split(separator: "\n").count == 1, "\(result.text)")
    }
  }

  @Test("A pipe among the data is refused, not waited for")
  func pipeAmongData() throws {
    try expectSuccess(
      """
      rm data/train-labels-idx1-ubyte; mkfifo data/train-labels-idx1-ubyte
      timeout 20 "$PROGRAM" data inspect data 2> out && exit 1
      grep -q 'a pipe' out
      """)
  }

  @Test("A terminal that can do little gets plain lines", arguments: ["dumb", "", "xterm"])
  func terminals(_ kind: String) throws {
    let command =
      "\(shellQuoted(Facsimile.program.path)) train conv-autoencoder --data data --out run \(Self.settings)"
    let result = try bash(
      "script -qec \(shellQuoted(command)) out > /dev/null; cat out",
      environment: ["TERM": kind, "NO_COLOR": "1"])
    #expect(result.text.contains("epoch 1/1") && !result.text.contains("\u{1B}"), "\(result.text)")
    if kind != "xterm" { #expect(!result.text.replacing("\r\n", with: "\n").contains("\r")) }
  }

  @Test("Stops say where, what is kept and how to resume", arguments: ["INT", "TERM", "HUP"])
  func stops(_ signal: String) throws {
    let result = try bash(
      """
      env --default-signal=HUP "$PROGRAM" train vae --data data --device cpu --batch-size 4 --epochs 100000 --out 'a run' > out 2> err &
      until grep -q 'epoch  *2/' out; do sleep 0.05; done
      kill -\(signal) $!; wait $!; echo "status $?"; cat err
      """)
    #expect(result.text.contains("status 130"), "\(result.text)")
    let name = signal == "INT" ? "Ctrl-C" : "SIG\(signal)"
    #expect(result.text.contains("\(name): stopping"))
    #expect(
      result.text.contains(
        /stopped (in epoch \d+ after step \d+ of 18|after epoch \d+); everything so far is kept/))
    #expect(result.text.contains(/resume with: facsimile train --resume '.*a run'/))
  }

  @Test("A second signal ends the process at once, and says so")
  func twice() throws {
    // A step takes long enough for two signals.
    let result = try bash(
      """
      "$PROGRAM" train vae --data data --device cpu --threads 1 --batch-size 72 --epochs 9 --out run \
        --set hidden=4096,4096 > out 2> err &
      until grep -q '^run' out; do sleep 0.05; done
      sleep 0.2; kill -TERM $!; sleep 0.05; kill -TERM $!; wait $!; echo "status $?"; cat err
      """)
    #expect(result.text.contains("status 143"), "\(result.text)")
    #expect(result.text.contains("SIGTERM: stopped at once; what was saved before is kept"), "\(result.text)")
  }

  @Test("No control character of a name reaches the terminal")
  func control() throws {
    let result = try bash(#"facsimile data inspect $'no\x1b[31mfolder'"#)
    #expect(result.status != 0 && !result.text.contains("\u{1B}"), "\(result.text)")
  }
}
