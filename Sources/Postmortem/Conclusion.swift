/// A small conclusion about a dump, and from which angles it was confirmed.
///
/// A dump is of a machine that was dying, or was made by someone: nothing in it is believed because it is said once.
package struct Conclusion: Hashable, Sendable {
  /// What it is about: `page tables`.
  package var subject: String
  package var value: String
  /// Who says so, first whom it was taken from.
  package var agreeing: [String]
  /// Who says otherwise.
  package var disagreeing: [String] = []

  package init(_ subject: String, _ value: String, by source: String) {
    self.subject = subject
    self.value = value
    agreeing = [source]
  }

  /// Notes whether another source says the same.
  package mutating func compare(_ isSame: Bool, with source: String) {
    if isSame { agreeing.append(source) } else { disagreeing.append(source) }
  }
}

extension Conclusion: CustomStringConvertible {
  package var description: String {
    "\(subject): \(value), by \(agreeing.joined(separator: " and "))"
      + (disagreeing.isEmpty ? "" : "; NOT by \(disagreeing.joined(separator: ", "))")
  }
}
