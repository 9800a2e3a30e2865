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
        "module-list", subject, and: [missing("list of modules"), Expectation.unownedCode], alsoSeenBy: ["module-text"])
    } traces: {
      "grep '^\(Tampering.quietModule) ' /proc/modules; grep -F '[\(Tampering.quietModule)]' /proc/kallsyms"
    },

    unlisted("a module unlinked from the list of modules, the tree and sysfs") { tampering in
      try tampering.removeModule(Tampering.quietModule, from: [.list, .tree, .sysfs])
      return .tampered("module-list", subject, and: [Expectation.unownedCode], alsoSeenBy: ["module-text"])
    } traces: {
      "grep '^\(Tampering.quietModule) ' /proc/modules; ls /sys/module | grep -x \(Tampering.quietModule)"
    },

    unlisted("a module missing from sysfs alone") { tampering in
      try tampering.removeModule(Tampering.quietModule, from: [.sysfs])
      return .tampered("module-list", subject, and: [missing("/sys/module")], alsoSeenBy: ["module-text"])
    } traces: {
      "ls /sys/module | grep -x \(Tampering.quietModule); ls -d /sys/module/\(Tampering.quietModule)"
    },

    unlisted("a module that says it is unformed and has no symbols") { tampering in
      try tampering.scrubModule(Tampering.quietModule)
      return .tampered(
        "module-list", subject, and: [missing("UNFORMED"), missing("symbol table"), Expectation.unownedCode],
        alsoSeenBy: ["module-text"])
    } traces: {
      "grep '^\(Tampering.quietModule) ' /proc/modules; grep -F '[\(Tampering.quietModule)]' /proc/kallsyms"
    },

    unlisted("the same, unlinked from the list of modules, its links overwritten") { tampering in
      try tampering.scrubModule(Tampering.quietModule)
      try tampering.removeModule(Tampering.quietModule, from: [.list])
      try tampering.overwriteLinks(ofModule: Tampering.quietModule)
      return .tampered("module-list", subject, and: [Expectation.unownedCode], alsoSeenBy: ["module-text"])
    } traces: {
      "grep '^\(Tampering.quietModule) ' /proc/modules; grep -F '[\(Tampering.quietModule)]' /proc/kallsyms"
    },

    Scenario(name: "a module whose memory vmalloc has forgotten", exemption: hasNoFixture) { guest in
      try Tampering.loadQuietModule(into: guest)
      try Tampering(guest).forgetMemory(ofModule: Tampering.quietModule)
      let traces = try guest.output(of: "grep -F '[\(Tampering.quietModule)]' /proc/vmallocinfo || [ $? = 1 ]")
      let scan = try Scan(in: guest)
      try Tampering.rememberMemory(guest)
      try Tampering.unloadQuietModule(from: guest)
      return Run(
        scans: [scan],
        expectation: .tampered(
          "module-list", subject, and: [missing("vmalloc")], alsoSeenBy: ["module-text", "executable-memory"]),
        complaints: traces.isEmpty ? [] : ["/proc/vmallocinfo shows \(traces)"])
    },
  ]

  private static let subject = "module \(Tampering.quietModule)"

  private static func missing(_ place: String) -> Expectation.Named {
    Expectation.Named(check: "module-list", text: place)
  }

  /// - Parameter traces: a command that must print nothing.
  private static func unlisted(
    _ name: String, _ change: @escaping @Sendable (Tampering) throws -> Expectation,
    traces: @escaping @Sendable () -> String
  ) -> Scenario {
    Scenario(name: name) { guest in
      try Tampering.loadQuietModule(into: guest)
      var seen = ""
      var run = try tampering(with: guest) { tampering in
        let expectation = try change(tampering)
        seen = try guest.run("{ \(traces()); } 2>/dev/null").text
        return expectation
      } after: {
        // That there is no such directory is remembered, too.
        _ = try guest.output(of: "echo 2 >/proc/sys/vm/drop_caches")
        try Tampering.unloadQuietModule(from: guest)
      }
      if !seen.isEmpty { run.complaints.append("the guest still shows \(seen.prefix(200))") }
      return run
    }
  }
}
