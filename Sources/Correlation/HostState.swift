internal import KernelModel

/// What lasts of one host's kernel, as its report has it: facts without addresses and times.
package struct HostState: Hashable, Sendable {
  /// The host's name for itself, or else where the report was read.
  package var host: String
  /// The kernel's build id.
  package var build: String
  package var release: String
  /// When the scan began, in RFC 3339; empty if the report does not say, or not in the one form this project writes.
  package var takenAt: String
  /// Of all facts; two reports with the same one have the same facts.
  package var digest: String
  /// What was answered: of another check nothing can be missing.
  package var answered: Set<String>
  /// What was asked, whether or not it was answered: each of these would have said what it found.
  package var asked: Set<String>
  package var traits: [Trait]

  /// One fact or finding.
  package struct Trait: Hashable, Sendable {
    /// The check that has it.
    package var check: String
    /// What it is about: `taint`, `sys_call_table[59] (execve)`.
    package var subject: String
    package var value: String
    package var isFinding: Bool
    /// Whether it is a finding of tampering rather than one that may have an innocent owner.
    package var isCritical: Bool

    package init(check: String, subject: String, value: String, isFinding: Bool = false, isCritical: Bool = false) {
      self.check = check
      self.subject = subject
      self.value = value
      self.isFinding = isFinding
      self.isCritical = isCritical
    }
  }

  /// The check that finds out which modules there are.
  private static let modules = "module-list"
  /// Facts and findings of one report at most.
  private static let mostTraits = 50_000

  /// - Returns: nil if the report has none: an older one, a crash's, or one that did not get as far as a kernel.
  init?(_ contents: Contents, host: String) {
    guard let state = contents.state, let kernel = contents.kernel, let build = kernel.buildID?.known else {
      return nil
    }
    self.host = host
    self.build = build
    release = kernel.release ?? ""
    takenAt = contents.time.map { "\($0)" } ?? ""
    digest = state.digest
    answered = Set(state.checks.filter(\.isAnswered).map(\.id))
    asked = Set(state.checks.map(\.id))
    let facts = state.checks.flatMap { check -> [Trait] in
      // Where there are too many to be listed, the digest of all stands for them.
      check.facts?.map { Trait(check: check.id, subject: $0.subject, value: $0.value) }
        ?? [Trait(check: check.id, subject: "all of its facts", value: "digest \(check.digest.prefix(16))")]
    }
    // Which modules are loaded goes with the hardware; of the same kernel they are the same builds.
    let modules = (contents.inventory?.modules ?? []).map {
      Trait(check: Self.modules, subject: "module \($0.name)", value: $0.build)
    }
    let findings = (contents.checks ?? []).flatMap { check in
      (check.findings ?? []).map {
        Trait(
          check: check.id, subject: MaskedAddresses.of($0.subject.text),
          value: MaskedAddresses.of($0.message ?? "a finding"), isFinding: true,
          isCritical: $0.severity == "critical")
      }
    }
    traits = Array((facts + modules + findings).prefix(Self.mostTraits))
  }

  package init(
    host: String, build: String, release: String = "", takenAt: String = "", digest: String, answered: Set<String>,
    asked: Set<String>? = nil, traits: [Trait]
  ) {
    self.host = host
    self.build = build
    self.release = release
    self.takenAt = takenAt
    self.digest = digest
    self.answered = answered
    self.asked = asked ?? answered
    self.traits = traits
  }

  /// As much of a report as states are taken from.
  struct Contents: Decodable {
    var kernel: ReportContents.Kernel?
    var inventory: Inventory?
    var run: ReportContents.Run?
    var state: State?
    var checks: [Check]?

    var time: UTCTime? { (run?.startedAt).flatMap { UTCTime($0) } }

    struct Inventory: Decodable {
      var hostName: String?
      var modules: [ReportContents.Inventory.Module]?
    }

    struct State: Decodable {
      var digest: String
      var checks: [OfCheck]
    }

    struct OfCheck: Decodable {
      var id: String
      var digest: String
      var isAnswered: Bool
      var facts: [Fact]?
    }

    struct Fact: Decodable {
      var subject: String
      var value: String
    }

    struct Check: Decodable {
      var id: String
      var findings: [Finding]?
    }

    struct Finding: Decodable {
      var subject: ReportContents.Finding.Subject
      var message: String?
      var severity: String?
    }
  }
}
