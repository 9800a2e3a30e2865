import Lab

/// A module that some of the places that should know of it do not know.
///
/// It is one of the distribution's, and all of it is undone from outside: the kernel then unloads it as usual. What a module
/// does that hides itself is ``hiddenModule``.
extension Scenario {
  static let unlistedModule: [Scenario] = [
    unlisted("a module unlinked from the list of modules", guests: calibrated(on: "6.1"), shown: listed) { tampering in
      try tampering.removeModule(Tampering.quietModule, from: [.list])
      return .tampered(
        "module-list", subject, and: [missing("list of modules"), Expectation.unownedCode])
    },

    unlisted(
      "a module unlinked from the list of modules, the tree and sysfs", only: [], shown: "\(listed); \(inSysfs)"
    ) { tampering in
      try tampering.removeModule(Tampering.quietModule, from: [.list, .tree, .sysfs])
      // It listens to what becomes of network devices, and has a kind of its own.
      return .tampered(
        "module-list", subject,
        and: [
          Expectation.unownedCode, Expectation.Named(check: "notifiers", text: "netdev_chain"),
          Expectation.Named(check: "registered-code", text: "kinds of network devices"),
        ],
        alsoSeenBy: ["module-text"])
    },

    unlisted("a module missing from sysfs alone", shown: inSysfs) { tampering in
      try tampering.removeModule(Tampering.quietModule, from: [.sysfs])
      return .tampered("module-list", subject, and: [missing("module_kset")])
    },

    unlisted("a module that says it is unformed and has no symbols", shown: listed) { tampering in
      try tampering.scrubModule(Tampering.quietModule)
      return .tampered(
        "module-list", subject, and: [missing("UNFORMED"), missing("symbol table")],
        alsoSeenBy: ["executable-memory"])
    },

    unlisted("the same, unlinked from the list of modules, its links overwritten", shown: listed) { tampering in
      try tampering.scrubModule(Tampering.quietModule)
      try tampering.removeModule(Tampering.quietModule, from: [.list])
      try tampering.overwriteLinks(ofModule: Tampering.quietModule)
      return .tampered("module-list", subject, and: [Expectation.unownedCode])
    },

    Scenario(
      name: "a module whose memory vmalloc has forgotten", guests: shared(by: "6.1", "6.12"), exemption: hasNoFixture
    ) { guest in
      try Tampering.loadQuietModule(into: guest)
      try Tampering(guest).forgetMemory(ofModule: Tampering.quietModule)
      let run = try scanned(
        guest, only: checksOfModules,
        expecting: .tampered("module-list", subject, and: [missing("vmalloc")], alsoSeenBy: ["executable-memory"]))
      try Tampering.rememberMemory(guest)
      try Tampering.unloadQuietModule(from: guest)
      return run
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
  private static let inSysfs =
    "ls /sys/module | grep -x \(Tampering.quietModule); ls -d /sys/module/\(Tampering.quietModule)"

  /// - Parameter shown: a command that prints something before the change, and nothing while it is in place.
  private static func unlisted(
    _ name: String, only checks: [String] = checksOfModules, guests: Guests = savedAlone, shown: String,
    _ make: @escaping @Sendable (Tampering) throws -> Expectation
  ) -> Scenario {
    // The kernel must be able to unload the module: it has got back what it knew of it.
    let change = Change(checks: checks, traces: shown, proof: "rmmod \(Tampering.quietModule)", make: make)
    return Scenario(name: name, guests: guests, change: change)
  }
}
