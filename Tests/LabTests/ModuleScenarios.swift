import Lab

/// A module that some of the places that should know of it do not know.
///
/// It is one of the distribution's, and all of it is undone from outside: the kernel then unloads it as usual. What a module
/// does that hides itself is ``hiddenModule``.
extension Scenario {
  static let unlistedModule: [Scenario] = [
    unlisted("a module unlinked from the list of modules") { tampering in
      try tampering.removeModule(Tampering.quietModule, from: [.list])
      return .tampered(
        "module-list", subject, and: [missing("list of modules"), Expectation.unownedCode])
    } traces: {
      listed
    },

    unlisted("a module unlinked from the list of modules, the tree and sysfs", only: []) { tampering in
      try tampering.removeModule(Tampering.quietModule, from: [.list, .tree, .sysfs])
      return .tampered("module-list", subject, and: [Expectation.unownedCode], alsoSeenBy: ["module-text"])
    } traces: {
      "\(listed); \(shown)"
    },

    unlisted("a module missing from sysfs alone") { tampering in
      try tampering.removeModule(Tampering.quietModule, from: [.sysfs])
      return .tampered("module-list", subject, and: [missing("/sys/module")])
    } traces: {
      shown
    },

    unlisted("a module that says it is unformed and has no symbols", scanned: .outside) { tampering in
      try tampering.scrubModule(Tampering.quietModule)
      return .tampered(
        "module-list", subject, and: [missing("UNFORMED"), missing("symbol table")],
        alsoSeenBy: ["executable-memory"])
    } traces: {
      listed
    },

    unlisted("the same, unlinked from the list of modules, its links overwritten", scanned: .outside) { tampering in
      try tampering.scrubModule(Tampering.quietModule)
      try tampering.removeModule(Tampering.quietModule, from: [.list])
      try tampering.overwriteLinks(ofModule: Tampering.quietModule)
      return .tampered("module-list", subject, and: [Expectation.unownedCode])
    } traces: {
      listed
    },

    Scenario(name: "a module whose memory vmalloc has forgotten", exemption: hasNoFixture) { guest in
      try Tampering.loadQuietModule(into: guest)
      try Tampering(guest).forgetMemory(ofModule: Tampering.quietModule)
      let scan = try Scan(in: guest, only: checksOfModules)
      try Tampering.rememberMemory(guest)
      try Tampering.unloadQuietModule(from: guest)
      return Run(
        scans: [scan],
        expectation: .tampered("module-list", subject, and: [missing("vmalloc")], alsoSeenBy: ["executable-memory"]))
    },
  ]

  /// Who is asked in rows that differ little: what a check of the kernel's own text has to say costs most of a scan.
  private static let checksOfModules = ["syscall-table", "module-list", "executable-memory"]

  private static let subject = "module \(Tampering.quietModule)"

  private static func missing(_ place: String) -> Expectation.Named {
    Expectation.Named(check: "module-list", text: place)
  }

  /// Commands that print what a guest shows of the module.
  private static let listed =
    "grep '^\(Tampering.quietModule) ' /proc/modules; grep -F '[\(Tampering.quietModule)]' /proc/kallsyms"
  private static let shown =
    "ls /sys/module | grep -x \(Tampering.quietModule); ls -d /sys/module/\(Tampering.quietModule)"

  /// - Parameters:
  ///   - place: where to scan: outside, only what the kernel itself keeps of modules is compared, and not what it shows.
  ///   - traces: a command that prints something before the change, and nothing after it.
  private static func unlisted(
    _ name: String, only checks: [String] = checksOfModules, scanned place: Place = .inside,
    _ change: @escaping @Sendable (Tampering) throws -> Expectation, traces: @escaping @Sendable () -> String
  ) -> Scenario {
    Scenario(name: name) { guest in
      try Tampering.loadQuietModule(into: guest)
      var complaints: [String] = []
      func traced() throws -> String { try guest.run("{ \(traces()); } 2>/dev/null").text }
      if try traced().isEmpty { complaints.append("the guest does not show the module before the change") }
      var run = try tampering(with: guest, only: checks, scanned: place) { tampering in
        let expectation = try change(tampering)
        let left = try traced()
        if !left.isEmpty { complaints.append("the guest still shows \(left.prefix(200))") }
        return expectation
      } after: {
        try Tampering.unloadQuietModule(from: guest)
      }
      run.complaints += complaints
      return run
    }
  }
}
