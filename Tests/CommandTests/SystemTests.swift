import Foundation
import TestSupport
import Testing

/// What the system does to a program: full disks, closed pipes, limits, libraries that change the arithmetic.
@Suite("What the system does", .serialized)
struct SystemTests {
  private let place: TemporaryFolder
  private static let small = "--device cpu --epochs 1 --set hidden=16 filters=4,4,4"

  init() throws {
    place = try TemporaryFolder()
    try place.putDataset()
  }

  private func bash(_ line: String) throws -> Facsimile.Result { try Shell.run(line, in: place.url) }

  private func makeRun() throws {
    let result = try bash("\"$F\" train conv-autoencoder --data data --out run \(Self.small)")
    try #require(result.status == 0, "\(result.errors)")
  }

  @Test(
    "Results that cannot be written end with an error, as JSON and as text; a reader that has enough is none")
  func results() throws {
    try makeRun()
    try place.put("s.yaml", Data("model: vae\nfixed: {hidden: 8}\nepochs: 1\nspace: {latent: [2]}\n".utf8))
    let commands = [
      "--help", "--version", "devices --json", "data list", "data inspect data", "evaluate run --device cpu",
      "plan vae", "search s.yaml --data data --device cpu", "reconstruct run --device cpu --out p.png",
      "export run --format safetensors --out w.safetensors",
      "cross-validate vae --data data --device cpu --folds 2 --epochs 1 --set hidden=8",
      "train --resume run --device cpu",
    ]
    for command in commands {
      for (redirection, reason) in [
        (">/dev/full", "No space left on device"), (">&-", "Bad file descriptor"),
      ] {
        let result = try bash("\"$F\" \(command) \(redirection)")
        #expect(result.status == 2, "\(command) \(redirection)")
        let lines = result.errors.split(separator: "\n").filter {
          $0.contains("cannot write the results: \(reason)")
        }
        #expect(lines.count == 1, "\(command) \(redirection): \(result.errors)")
      }
      let read = try bash("set -o pipefail; \"$F\" \(command) | true")
      #expect(read.status == 0 && !read.errors.contains("cannot write"), "\(command): \(read.errors)")
    }
  }

  @Test("A file that lies open under the number of a closed standard stream is none")
  func closedStreams() throws {
    let result = try bash(
      "\"$F\" train vae --data data --out run --device cpu --epochs 1 --set hidden=8 <&- >&- 2>&-")
    #expect(result.status == 2)
    let evaluated = try bash("\"$F\" evaluate run --device cpu")
    #expect(evaluated.status == 0, "\(evaluated.errors)")
  }

  @Test("Not enough memory: a line with the bytes, status 2, nothing left")
  func memory() throws {
    let wide = "hidden=8192,8192,8192,8192,8192,8192,8192,8192"
    for command in ["train conv-autoencoder --data data --out run --device cpu --set \(wide)"] {
      let result = try bash("ulimit -v 3000000; \"$F\" \(command)")
      #expect(result.status == 2, "\(result.errors)")
      #expect(
        result.errors.contains(/needs \d+ bytes, and \d+ are left \(limit on the address space/),
        "\(result.errors)")
      #expect(result.errors.split(separator: "\n").count == 1)
      #expect(try place.names() == ["data"])
    }
  }

  @Test("A trial that needs more memory than there is has failed, and the others train")
  func trialMemory() throws {
    let wide = "8192,8192,8192,8192,8192,8192,8192,8192"
    let space = "model: conv-autoencoder\nepochs: 1\nspace: {hidden: [[\(wide)], [8]]}\n"
    try place.put("s.yaml", Data(space.utf8))
    let result = try bash("ulimit -v 3000000; \"$F\" search s.yaml --data data --device cpu --json")
    #expect(result.status == 0, "\(result.errors)")
    #expect(
      result.output.contains("\"failed\"") && result.output.contains("\"done\""), "\(result.output) \(wide)")
    #expect(result.output.contains("bytes, and "))
  }

  @Test("A limit on the size of files is an error, not the end, and nothing is left behind")
  func fileSize() throws {
    for blocks in [0, 1, 16] {
      for out in ["new/run", "empty"] {
        try FileManager.default.createDirectory(at: place.file("empty"), withIntermediateDirectories: true)
        let result = try bash(
          "set -o pipefail; (ulimit -f \(blocks); \"$F\" train conv-autoencoder --data data --out \(out) \(Self.small) 2>&1 "
            + ">/dev/null) | cat >&2")
        #expect(result.status == 2, "\(blocks): \(result.errors)")
        #expect(result.errors.contains("File too large"), "\(result.errors)")
        #expect(try place.names() == ["data", "empty"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: place.path("empty")).isEmpty)
      }
    }
  }

  @Test("A library in the process that flushes denormals and rounds up changes no bit")
  func preloaded() throws {
    let source = """
      #include <fenv.h>
      #include <pthread.h>
      #if defined(__x86_64__)
      #include <xmmintrin.h>
      static void spoil(void) { _mm_setcsr(_mm_getcsr() | 0xc040); }
      #else
      static void spoil(void) { fesetround(FE_UPWARD); }
      #endif
      __attribute__((constructor)) static void begin(void) { spoil(); }
      """
    try place.put("spoil.c", Data(source.utf8))
    guard try bash("cc -O1 -shared -fPIC spoil.c -o spoil.so").status == 0 else { return }
    func all(_ name: String, _ before: String) throws -> [Data] {
      let lines = [
        "train vae --data data --device cpu --epochs 4 --out \(name) --set hidden=16",
        "latent \(name) --method pca --device cpu --out \(name).csv",
        "latent \(name) --method tsne --perplexity 5 --device cpu --out \(name)-tsne.csv",
      ]
      for line in lines {
        let result = try bash("\(before) \"$F\" \(line)")
        try #require(result.status == 0, "\(result.errors)")
      }
      return try ["\(name).csv", "\(name)-tsne.csv", "\(name)/checkpoint.safetensors"].map {
        try Data(contentsOf: place.file($0))
      }
    }
    #expect(try all("a", "") == all("b", "LD_PRELOAD=$PWD/spoil.so"))
  }
}
