import ArgumentParser
import CPUBackend
import Foundation

/// The program.
@main
enum Main {
  static func main() {
    do {
      // Before anything else: a processor without AVX2 would meet an illegal instruction somewhere.
      try Processor.check()
    } catch {
      Console.complain("\(error)")
      exit(ExitStatus.couldNotRun)
    }
    unblockSignals()
    exit(run(Array(CommandLine.arguments.dropFirst())))
  }

  /// Whoever started this process may have blocked Ctrl-C for itself, which a child inherits.
  private static func unblockSignals() {
    var signals = sigset_t()
    sigemptyset(&signals)
    for number in [SIGINT, SIGTERM] { sigaddset(&signals, number) }
    pthread_sigmask(SIG_UNBLOCK, &signals, nil)
  }

  /// Parses and runs; returns the exit status. Every failure is one line on standard error.
  static func run(_ arguments: [String]) -> Int32 {
    do {
      var command = try RootCommand.parseAsRoot(arguments)
      try command.run()
      return ExitStatus.done
    } catch let code as ExitCode {
      return code.rawValue
    } catch {
      // Help and version come as errors that mean success.
      if RootCommand.exitCode(for: error) == .success {
        Console.say(RootCommand.fullMessage(for: error))
        return ExitStatus.done
      }
      let failure = Failure(error, arguments)
      Console.complain(failure.line)
      return failure.status
    }
  }
}
