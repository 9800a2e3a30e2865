/// One run of memory that findings lead into, and what lies in it: the neighbourhood an analyst would look at by hand.
package struct Implant: Hashable, Sendable {
  /// The run of mapped pages around the findings' targets, cut at the limit given.
  package var run: MemoryRegion
  /// Whether the mapped run goes on below, or above, what was looked at.
  package var continuesBelow: Bool
  package var continuesAbove: Bool
  /// Stretches with one set of permissions each, of the run and of the runs it refers to, lowest first.
  package var permissions: [PermissionRun]
  /// Other runs of memory that nobody owns and that the code of this run refers to: since Linux v6.4 a module's data
  /// lies apart from its code.
  package var referencedRuns: [MemoryRegion]
  /// Who owns the run, in words.
  package var owner: String
  /// What the findings are about.
  package var subjects: [Subject]
  /// The places the findings lead to, lowest first.
  package var sites: [Site]
  /// All printable strings in the run and in the runs it refers to, lowest first.
  package var strings: [FoundString]
  /// Symbols that kallsyms places in the run or next to it, or that the code shown branches to; lowest first.
  package var symbols: [Symbol]
  /// Which known families' marks the run bears, the most specific family first: attribution, never the ground of a verdict.
  package var signatures: [SignatureMatch]
  /// What of it is the same on every host.
  package var fingerprint: Fingerprint
  /// What could not be read.
  package var unreadable: [MemoryFault]
  /// Whether something was left out because there was too much of it, and what.
  package var omissions: [String]

  package init(
    run: MemoryRegion, continuesBelow: Bool, continuesAbove: Bool, permissions: [PermissionRun],
    referencedRuns: [MemoryRegion] = [], owner: String, subjects: [Subject], sites: [Site], strings: [FoundString],
    symbols: [Symbol], signatures: [SignatureMatch], fingerprint: Fingerprint = Fingerprint(),
    unreadable: [MemoryFault], omissions: [String]
  ) {
    self.run = run
    self.continuesBelow = continuesBelow
    self.continuesAbove = continuesAbove
    self.permissions = permissions
    self.referencedRuns = referencedRuns
    self.owner = owner
    self.subjects = subjects
    self.sites = sites
    self.strings = strings
    self.symbols = symbols
    self.signatures = signatures
    self.fingerprint = fingerprint
    self.unreadable = unreadable
    self.omissions = omissions
  }

  /// Consecutive pages with the same permissions.
  package struct PermissionRun: Hashable, Sendable {
    package var region: MemoryRegion
    /// As ``Page/permissions`` writes them.
    package var permissions: String

    package init(region: MemoryRegion, permissions: String) {
      self.region = region
      self.permissions = permissions
    }
  }

  /// One place that findings lead to.
  package struct Site: Hashable, Sendable {
    package var address: KernelAddress
    package var subjects: [Subject]
    /// Where the bytes shown begin: a few lines before the address.
    package var bytesStart: KernelAddress
    package var bytes: [UInt8]
    package var instructions: [Instruction]

    package init(
      address: KernelAddress, subjects: [Subject], bytesStart: KernelAddress, bytes: [UInt8],
      instructions: [Instruction]
    ) {
      self.address = address
      self.subjects = subjects
      self.bytesStart = bytesStart
      self.bytes = bytes
      self.instructions = instructions
    }
  }
}

/// One decoded machine instruction.
package struct Instruction: Hashable, Sendable {
  package var address: KernelAddress
  package var bytes: [UInt8]
  /// The operation, such as `call` or `mov`.
  package var mnemonic: String
  /// Operands in Intel syntax.
  package var operands: String
  /// Where a direct call or jump leads.
  package var branchTarget: KernelAddress?

  package init(
    address: KernelAddress, bytes: [UInt8], mnemonic: String, operands: String, branchTarget: KernelAddress? = nil
  ) {
    self.address = address
    self.bytes = bytes
    self.mnemonic = mnemonic
    self.operands = operands
    self.branchTarget = branchTarget
  }
}

/// A printable string found in memory.
package struct FoundString: Hashable, Sendable {
  package enum Encoding: String, Hashable, Sendable {
    case ascii
    case utf16 = "utf-16le"
  }

  package var address: KernelAddress
  package var encoding: Encoding
  package var text: String

  package init(address: KernelAddress, encoding: Encoding, text: String) {
    self.address = address
    self.encoding = encoding
    self.text = text
  }
}

/// The marks of one known family found in a run of memory.
package struct SignatureMatch: Hashable, Sendable {
  /// The rule's name: a family, or a set of generic names.
  package var family: String
  /// What the rule's author says about it.
  package var note: String
  /// The strings that matched.
  package var evidence: [FoundString]

  package init(family: String, note: String, evidence: [FoundString]) {
    self.family = family
    self.note = note
    self.evidence = evidence
  }
}

/// Looks at the memory that findings lead to.
package protocol Investigator {
  /// The implants behind `findings`: one for each run of memory that they lead into, lowest address first.
  func investigate(_ findings: [Finding], in kernel: Kernel) -> [Implant]
}
