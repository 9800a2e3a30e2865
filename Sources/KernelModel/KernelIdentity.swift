/// Which kernel this is.
package struct KernelIdentity: Hashable, Sendable {
  /// As `uname -r` says: `6.1.0-56-amd64`.
  package var release: String
  /// As `uname -v` says.
  package var version: String
  /// As `uname -m` says: ``Architecture/machine``.
  package var machine: String
  /// The GNU build id that the kernel claims in `/sys/kernel/notes`.
  package var claimedBuildID: Result<BuildID, Withheld>
  /// The GNU build id read from the kernel's own note section in memory.
  package var buildIDInMemory: Result<BuildID, Withheld>
  /// Bytes by which the kernel was moved at boot (`KERNELOFFSET` of VMCOREINFO), or why it is not known.
  package var kaslrOffset: Result<UInt64, Withheld>

  package init(
    release: String, version: String, machine: String, claimedBuildID: Result<BuildID, Withheld>,
    buildIDInMemory: Result<BuildID, Withheld>, kaslrOffset: Result<UInt64, Withheld>
  ) {
    self.release = release
    self.version = version
    self.machine = machine
    self.claimedBuildID = claimedBuildID
    self.buildIDInMemory = buildIDInMemory
    self.kaslrOffset = kaslrOffset
  }
}

/// The GNU build id of a binary: the linker's hash of what it linked.
package struct BuildID: Hashable, Sendable, CustomStringConvertible {
  package let bytes: [UInt8]

  package init(bytes: [UInt8]) {
    self.bytes = bytes
  }

  /// The build id that `text` spells in lower-case hexadecimal, two digits a byte; nil unless it has 1 to 64 bytes.
  package init?(hexadecimal text: some StringProtocol) {
    guard (2...128).contains(text.utf8.count), let bytes = [UInt8](hexadecimal: text) else { return nil }
    self.init(bytes: bytes)
  }

  /// Lower-case hexadecimal, two digits a byte.
  package var description: String { bytes.hexadecimal() }
}

/// Something that should be there and could not be had: what, why, and what to do about it.
package struct Withheld: Error, Hashable, Sendable, CustomStringConvertible {
  /// What is missing: `/proc/modules`, `the vendor's kernel image`.
  package var what: String
  package var why: String
  /// What a person can do; empty if there is nothing.
  package var remedy: String
  /// Whether the place where it would be was searched, and does not have it.
  package var isAbsent: Bool
  /// Whether nobody withholds it: the kernel was built without.
  package var isNotBuilt: Bool

  package init(_ what: String, why: String, remedy: String = "", isAbsent: Bool = false, isNotBuilt: Bool = false) {
    self.what = what
    self.why = why
    self.remedy = remedy
    self.isAbsent = isAbsent
    self.isNotBuilt = isNotBuilt
  }

  package var description: String {
    "\(what): \(why)" + (remedy.isEmpty ? "" : "; \(remedy)")
  }
}
