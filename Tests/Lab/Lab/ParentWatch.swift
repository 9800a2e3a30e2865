import Foundation
import Glibc

/// Ends this process when the one that started it is gone.
///
/// `swift test` that is killed leaves its test process running, and with it guests that nobody waits for.
enum ParentWatch {
  /// Watches from the first time this is used.
  static let begin: Void = {
    let parent = getppid()
    guard parent > 1 else { return }
    Thread {
      while getppid() == parent { sleep(1) }
      _exit(1)
    }.start()
  }()
}
