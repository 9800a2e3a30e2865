/// What kind of journal entry it is: the `MESSAGE_ID` by which `journalctl` finds all of its kind.
///
/// The ids are ours, made at random, and never change their meaning. `systemd/liveprobe.catalog` says of each what it
/// means and what to do.
///
/// Source: sd_journal_print(3) of systemd 252, `MESSAGE_ID=`; systemd.journal-fields(7).
package enum JournalMessage: String, CaseIterable, Sendable {
  /// A scan ended; `LIVEPROBE_STATUS` says how.
  case verdict = "3114072f186d40c8a3791c574c951477"
  /// Something is wrong with the kernel.
  case finding = "f5040fdbf5c746f995a1920347a965f7"
  /// A fact is not as the baseline has it.
  case drift = "ab7a6992b43247da935af8006f09dbd9"
  /// Something is wrong that the operator's allow rules accept.
  case accepted = "e72348bd8dac4a6f95c8e8f59348c078"
  /// A question could not be answered.
  case unanswered = "47f42cf72c344e4e9405dcee94a89228"

  init(_ event: VerdictEvent) {
    self =
      switch event {
      case .verdict: .verdict
      case .finding: .finding
      case .drift: .drift
      case .accepted: .accepted
      case .unanswered: .unanswered
      }
  }
}
