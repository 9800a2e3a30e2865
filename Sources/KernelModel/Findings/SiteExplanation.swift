/// One place's reasoning: the vendor's bytes, what each mechanism made of them, and what memory holds.
package struct SiteExplanation: Hashable, Sendable {
  /// How memory compares with what it should hold.
  package enum Agreement: Hashable, Sendable {
    /// The same bytes.
    case same
    /// Other bytes, which are as legal there.
    case alsoLegal
    /// Bytes that nothing explains: how many of them differ.
    case different(byteCount: Int)
  }

  /// What one mechanism did at the place.
  package struct Step: Hashable, Sendable {
    /// The mechanism's name, in kebab case: `jump-labels`.
    package var mechanism: String
    /// What the mechanism is, for a reader.
    package var title: String
    package var address: KernelAddress
    package var before: [UInt8]
    package var after: [UInt8]
    /// Why just these bytes.
    package var reason: String

    package init(
      mechanism: String, title: String, address: KernelAddress, before: [UInt8], after: [UInt8], reason: String
    ) {
      self.mechanism = mechanism
      self.title = title
      self.address = address
      self.before = before
      self.after = after
      self.reason = reason
    }
  }

  /// Where something at the place leads: an instruction's branch, or a pointer.
  package struct Destination: Hashable, Sendable {
    package var address: KernelAddress
    package var owner: Owner

    package init(address: KernelAddress, owner: Owner) {
      self.address = address
      self.owner = owner
    }
  }

  /// One side: what should be there, or what is.
  package struct Side: Hashable, Sendable {
    package var bytes: [UInt8]
    /// Empty where it is no code.
    package var instructions: [Instruction]
    package var destinations: [Destination]

    package init(bytes: [UInt8], instructions: [Instruction], destinations: [Destination]) {
      self.bytes = bytes
      self.instructions = instructions
      self.destinations = destinations
    }
  }

  /// What was asked for.
  package var address: KernelAddress
  /// The instruction, table entry or patched place around it.
  package var start: KernelAddress
  /// Whose it is.
  package var owner: Owner
  /// The section of the vendor's file that it lies in: `.text`.
  package var section: String
  /// The vendor's file, in words.
  package var source: String
  /// As the file has them; the file's own addresses are not yet moved to where the kernel lies.
  package var vendorBytes: [UInt8]
  /// In the kernel's order.
  package var steps: [Step]
  package var expected: Side
  package var observed: Side
  package var agreement: Agreement
  /// What is wrong with the state that decides over what is there, in a sentence each.
  package var violations: [Finding.Value]
  /// Code that is called there besides the kernel's own, the worst first.
  package var called: [CalledCode]

  package init(
    address: KernelAddress, start: KernelAddress, owner: Owner, section: String, source: String, vendorBytes: [UInt8],
    steps: [Step], expected: Side, observed: Side, agreement: Agreement, violations: [Finding.Value] = [],
    called: [CalledCode] = []
  ) {
    self.address = address
    self.start = start
    self.owner = owner
    self.section = section
    self.source = source
    self.vendorBytes = vendorBytes
    self.steps = steps
    self.expected = expected
    self.observed = observed
    self.agreement = agreement
    self.violations = violations
    self.called = called
  }

  /// Whether the place is as it should be; somebody may still be called there who should be asked about.
  package var isExplained: Bool {
    if case .different = agreement { return false }
    return violations.isEmpty && severity != .critical
  }

  /// How bad it is what is called there; nil if nothing is wrong with it.
  package var severity: Finding.Severity? { called.compactMap(\.severity).max() }
}
