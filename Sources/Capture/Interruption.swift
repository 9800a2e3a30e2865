internal import Glibc

/// Holds back the signals that would end the program, so that it can tidy up first.
package final class Interruption {
  private static let signals = [SIGINT, SIGTERM, SIGHUP]
  private var previous = sigset_t()

  /// From here on the signals wait.
  package init() {
    var held = sigset_t()
    sigemptyset(&held)
    for signal in Self.signals { sigaddset(&held, signal) }
    pthread_sigmask(SIG_BLOCK, &held, &previous)
  }

  /// Lets a signal that waited do what it does.
  deinit {
    pthread_sigmask(SIG_SETMASK, &previous, nil)
  }

  /// Whether a signal waits.
  package var isPending: Bool {
    var pending = sigset_t()
    sigpending(&pending)
    return Self.signals.contains { sigismember(&pending, $0) == 1 }
  }
}
