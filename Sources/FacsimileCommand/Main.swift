import ArgumentParser
import CPUBackend
import Foundation
import Numerics
import Storage

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
    // Whatever was loaded into the process may have set its rounding, or have denormals become zero.
    ArithmeticMode.establish()
    unblockSignals()
    keepStandardDescriptors()
    let status = run(SystemPath.arguments)
    if let problem = Console.lostResults {
      Console.complain(problem)
      exit(status == ExitStatus.done ? ExitStatus.couldNotRun : status)
    }
    exit(status)
  }

  /// A reader that goes away and a limit on the size of files are errors of the calls that meet them, not the end of the
  /// process: what lies half written is cleared away, and training goes on without its reader. And where a standard stream
  /// is closed, no file of ours must get its number and what is meant for it.
  private static func keepStandardDescriptors() {
    for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
    for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) == -1 {
      // Reading only, so that writing fails as it did.
      _ = open("/dev/null", O_RDONLY)
    }
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
    let arguments = CommandLineWords.joined(arguments)
    do {
      try CommandLineWords.requireCommand(arguments)
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
