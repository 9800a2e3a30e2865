/// One line on a terminal that says what is being done, once that has taken longer than half a second.
final class Progress {
  private let isShown: Bool
  private let start = Stopwatch()
  private var shown = ""

  private static let patience = 0.5

  init(isShown: Bool) {
    self.isShown = isShown
  }

  /// Says what is being done now.
  func report(_ activity: String) {
    guard isShown, start.seconds >= Self.patience, activity != shown else { return }
    shown = activity
    Terminal.write("\r\u{1b}[Kliveprobe: \(activity) …", to: .standardError)
  }

  /// Takes the line away.
  func finish() {
    guard !shown.isEmpty else { return }
    shown = ""
    Terminal.write("\r\u{1b}[K", to: .standardError)
  }
}
