/// The answer in one word, and the exit status that goes with it: the convention of monitoring plugins.
///
/// Source: Monitoring Plugins Development Guidelines, "Plugin Return Codes".
package enum Status: Int32, Sendable, Hashable, CaseIterable {
  /// Every question that applies was answered, and nothing was found.
  case ok = 0
  /// Only findings that have an owner who may be innocent, or facts that are not as the baseline has them.
  case warning = 1
  /// A finding of tampering, or a reading path that lies.
  case critical = 2
  /// Nothing critical, but a question that applies could not be answered.
  case unknown = 3

  /// The word that plugins print.
  package var word: String {
    switch self {
    case .ok: "OK"
    case .warning: "WARNING"
    case .critical: "CRITICAL"
    case .unknown: "UNKNOWN"
    }
  }

  /// How much the status outranks others: CRITICAL, then UNKNOWN, then WARNING, then OK.
  private var rank: Int {
    switch self {
    case .ok: 0
    case .warning: 1
    case .unknown: 2
    case .critical: 3
    }
  }

  /// The one of the two that outranks the other.
  package func combined(with other: Status) -> Status {
    rank >= other.rank ? self : other
  }
}
