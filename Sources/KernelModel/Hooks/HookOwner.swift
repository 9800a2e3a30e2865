/// Whose code hooks call, and who vouches for it.
package struct HookOwner: Hashable, Sendable {
  /// What the code is part of.
  package enum Callee: Hashable, Sendable {
    case module(String)
    /// Code that the kernel generated and accounts for, by the name that it gives it.
    case generatedCode(String)
    case program(Program)
    /// The kernel's own image.
    case kernel
    /// No function of anybody's.
    case nobody
  }

  /// BPF programs that are one program, loaded once or several times by the same processes.
  package struct Program: Hashable, Sendable {
    /// What its loader called it; may be empty.
    package var name: String
    /// As bpftool says it: `kprobe`, `cgroup_skb`.
    package var type: String
    /// The digest of its instructions, in 16 hexadecimal digits.
    package var tag: String
    /// The processes that hold it, in words.
    package var holders: [String]

    package init(name: String, type: String, tag: String, holders: [String]) {
      self.name = name
      self.type = type
      self.tag = tag
      self.holders = holders
    }
  }

  /// Who vouches for it.
  package enum Standing: String, Hashable, Sendable, CaseIterable {
    /// It came with the kernel: in its package, or signed by a key of its image.
    case vendor
    /// Another package brought it, DKMS built it from a package's sources, a key of the machine's owner signed it, or who
    /// scans brought its file.
    case accounted
    /// Records cannot be read, or there are none.
    case unknown
    /// Nothing vouches for a module, although others are vouched for.
    case nobody
    /// A module that is not on every list it belongs on.
    case hidden
    case unowned
  }

  /// Whether a module's code and constants in memory are those of its file.
  package enum Likeness: Hashable, Sendable {
    case equal
    case different
    /// They were not compared, and why.
    case open(String)
  }

  package var callee: Callee
  package var standing: Standing
  /// What ``standing`` rests on, in words.
  package var reason: String
  /// How bad it is that it is called at all.
  package var severity: Finding.Severity?
  /// Where the file is that is known for it.
  package var file: String?
  package var buildID: BuildID?
  /// The package that brought the file, or its sources.
  package var package: String?
  /// Whose key signed the file; the signature was verified.
  package var signer: String?
  /// Nil for what has no file.
  package var likeness: Likeness?

  package init(
    _ callee: Callee, _ standing: Standing, reason: String, severity: Finding.Severity? = nil, file: String? = nil,
    buildID: BuildID? = nil, package: String? = nil, signer: String? = nil, likeness: Likeness? = nil
  ) {
    self.callee = callee
    self.standing = standing
    self.reason = reason
    self.severity = severity
    self.file = file
    self.buildID = buildID
    self.package = package
    self.signer = signer
    self.likeness = likeness
  }
}
