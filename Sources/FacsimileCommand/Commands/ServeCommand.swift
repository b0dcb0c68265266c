import ArgumentParser
import Foundation
import LivePage
import Storage

/// `facsimile serve`
struct ServeCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "serve",
    abstract: "Shows the runs and searches in a folder on a live page in the browser.",
    discussion: """
      The page lists runs, searches and studies in the folder and below, sorted and filtered, with loss curves that move \
      while training, pictures of each epoch, and several runs over each other. It only reads: nothing that trains waits for \
      it, and folders copied from elsewhere are fine. Links are not followed. Ctrl-C ends it.

      It is for this machine only (and all of its users), unless --host names another address; then it takes a token, which \
      the printed address contains. FACSIMILE_TOKEN sets the token, and is asked for on this machine too. Traffic is not encrypted: over the \
      internet, use a tunnel, such as ssh -L 8585:localhost:8585.

      Examples:
        facsimile serve
        facsimile serve studies/mnist --port 0
        facsimile serve runs --host 0.0.0.0
      """)

  @Argument(
    help: ArgumentHelp("The folder that holds run folders.", valueName: "folder"),
    completion: .directory)
  var folder = "runs"

  @Option(help: "The port; 0 takes a free one.")
  var port = 8585

  @Option(help: ArgumentHelp("The address to listen on.", valueName: "address"))
  var host = "127.0.0.1"

  @OptionGroup var output: OutputOptions

  private struct Figures: Encodable {
    let url: String
    let folder: String
  }

  func run() throws {
    try require("--port", port, in: 0...65_535)
    let place = URL(systemPath: folder, isDirectory: true)
    guard Files.isFolder(place) else { throw CommandFailure("\(folder) is not a folder") }
    // Before any thread is started, so that only this one receives them.
    let signals = EndSignals()
    let page: LivePage
    do {
      page = try LivePage(
        place, host: host, port: port, token: SystemPath.environment("FACSIMILE_TOKEN")["FACSIMILE_TOKEN"])
    } catch let error as LivePageError where error.kind == .usage {
      throw UsageError(error.description)
    }
    if output.json {
      try Console.json(Figures(url: page.url, folder: place.path))
    } else {
      Console.say("\(folder) at \(page.url) (Ctrl-C ends it)")
    }
    signals.wait()
    page.stop()
  }
}

/// The signals that end a server: Ctrl-C, SIGTERM and SIGHUP.
private struct EndSignals {
  private var set = sigset_t()

  /// Blocks them, for ``wait()``, in this thread and all that it starts.
  init() {
    sigemptyset(&set)
    for number in [SIGINT, SIGTERM, SIGHUP] { sigaddset(&set, number) }
    pthread_sigmask(SIG_BLOCK, &set, nil)
  }

  /// Waits for one of them.
  func wait() {
    var (set, number): (sigset_t, Int32) = (set, 0)
    sigwait(&set, &number)
  }
}
