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
      // First of all: a processor without AVX2 would hit an illegal instruction.
      try Processor.check()
    } catch {
      Console.complain("\(error)")
      exit(ExitStatus.couldNotRun)
    }
    // Loaded libraries may have changed rounding or denormals.
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

  /// A closed pipe and a file-size limit are errors of the calls that hit them and must not end the
  /// process: partial files are removed, and training continues without a reader. And if a standard stream
  /// is closed, none of our files may get its descriptor and its output.
  private static func keepStandardDescriptors() {
    for number in [SIGPIPE, SIGXFSZ] { signal(number, SIG_IGN) }
    for number in STDIN_FILENO...STDERR_FILENO where fcntl(number, F_GETFD) == -1 {
      // Read-only, so that writing still fails.
      _ = open("/dev/null", O_RDONLY)
    }
  }

  /// The parent process may have blocked Ctrl-C, which is inherited.
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
      // The parser throws help and version as errors with a success status.
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
