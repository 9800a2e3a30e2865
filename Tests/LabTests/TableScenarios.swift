import Lab

/// Tables of system calls that lead elsewhere, from inside by a module and from outside.
extension Scenario {
  static let tamperedTables: [Scenario] = [
    Scenario(name: "two slots swapped inside kernel text", guests: calibrated(on: "5.10"), change: swap),

    Scenario(
      name: "the same, without the vendor's image",
      guests: .of(["5.10"], why: "one that calls through the table")
    ) { guest in
      try withoutImage(guest) {
        // Without it is the guest alone.
        var swap = swap
        swap.needsUserSpace = true
        return try swap.run(in: guest, prepared: "")
      }
    },

    Scenario(
      name: "a slot to unmapped memory",
      change: Change { tampering in
        try tampering.replaceSlot(unusedSlots[0], with: Tampering.unmappedModuleAddress)
        return Expectation.replaced(slots: Expectation.slots([unusedSlots[0]]))
      }),

    Scenario(
      name: "two slots to memory nobody owns, from outside",
      change: Change { tampering in
        // The page cannot be executed: where the table is really used, only slots that nobody calls may lead there.
        let slots = try Tampering.dispatchesThroughTable(tampering.system) ? unusedSlots : [0, 2]
        let page = try tampering.plantUnownedPage()
        for (slot, hook) in zip(slots, page.hooks) { try tampering.replaceSlot(slot, with: hook) }
        return Expectation.replaced(
          slots: Expectation.slots(slots), implantStrings: Tampering.UnownedPage.names)
      }),

    Scenario(
      name: "two slots to a module of the distribution, from outside",
      change: Change { tampering in
        // Nothing may be executed there that is no system call.
        let slots = try Tampering.dispatchesThroughTable(tampering.system) ? unusedSlots : [0, 2]
        let module = try tampering.system.symbol("dummy_xmit")
        for slot in slots { try tampering.replaceSlot(slot, with: module) }
        return Expectation.replaced(slots: Expectation.slots(slots), owner: "dummy")
      }),

    Scenario(
      name: "slots 0 and 2 replaced by a visible module", guests: shared(by: "5.10", "6.12"), exemption: hasNoFixture
    ) { guest in
      try HookedModule.load(into: guest)
      let run = try scanned(
        guest,
        expecting: .replaced(
          slots: Expectation.slots([0, 2]), owner: "hooked", implantStrings: HookedModule.names))
      try HookedModule.unload(from: guest)
      return run
    },

    Scenario(
      name: "the same module, which an allow rule accepts",
      guests: .whenAllIsAsked(why: "what a rule accepts is the findings' business; one about a hidden module is run"),
      exemption: hasNoFixture
    ) { guest in
      try HookedModule.load(into: guest)
      let buildID = try HookedModule.buildID(in: guest)
      // A rule about another build of it accepts nothing.
      let other = try Scan(
        in: guest, only: ["syscall-table"],
        options: try allowing("hooked", (buildID.hasPrefix("0") ? "1" : "0") + buildID.dropFirst(), guest))
      let scan = try Scan(in: guest, options: try allowing("hooked", buildID, guest))
      try HookedModule.unload(from: guest)
      let refused = Expectation.replaced(slots: Expectation.slots([0, 2]), owner: "hooked")
      return Run(
        scans: [scan],
        expectation: Expectation(verdict: .ok, accepted: Expectation.slots([0, 2]).union([.module("hooked")])),
        complaints: refused.complaints(about: other))
    },

    Scenario(
      name: "one ia32 slot replaced by a visible module", guests: shared(by: "6.1", "6.12"),
      exemption: { guest in
        if try guest.symbols(["ia32_sys_call_table"]).isEmpty { return "this kernel has no ia32_sys_call_table" }
        return guest.kernel.hasFixture ? nil : "no fixture for this kernel"
      }
    ) { guest in
      // 5 is open, in the numbers of 32-bit programs.
      try HookedModule.load(into: guest, slots: [5], table: "ia32_sys_call_table")
      let run = try scanned(
        guest,
        expecting: .replaced(slots: Expectation.slots([5], of: "ia32_sys_call_table"), owner: "hooked"))
      try HookedModule.unload(from: guest)
      return run
    },

    Scenario(name: "clean again, after the module was unloaded", guests: shared(by: "5.10", "6.12")) { guest in
      try scanned(guest, expecting: .clean)
    },
  ]

  static let hiddenModule: [Scenario] = [
    Scenario(
      name: "a hidden module that hooks nothing", guests: shared(by: "5.10", "6.1"), leavesGuestChanged: true,
      exemption: { $0.kernel.hasFixture ? nil : "no fixture for this kernel; see the modules unlinked from outside" }
    ) { guest in
      try HookedModule.load(into: guest, slots: [], hidden: true)
      return try scanned(
        guest,
        expecting: .tampered(
          "module-list", "module hooked", and: [Expectation.unownedCode], alsoSeenBy: ["module-text"]))
    },

    Scenario(
      name: "slots 0 and 2 replaced by a hidden module", guests: shared(by: "5.10"), leavesGuestChanged: true,
      exemption: { $0.kernel.hasFixture ? nil : "no fixture for this kernel; see the modules unlinked from outside" }
    ) { guest in
      try HookedModule.load(into: guest, hidden: true)
      return Run(
        scans: [try Scan(in: guest)],
        expectation: Expectation.replaced(
          slots: Expectation.slots([0, 2]), implantStrings: HookedModule.names,
          and: [Expectation.unownedCode, Expectation.Named(check: "module-list", text: "module hooked")]))
    },
  ]

  /// Writes a rule into the guest that accepts what hooks of a module show up as; the option that names it.
  private static func allowing(_ module: String, _ buildID: String, _ guest: Guest) throws(LabError) -> String {
    let rule = """
      [Allow]\\nModule=\(module)\\nBuildID=\(buildID)\\nCheck=syscall-table syscall-dispatch kernel-text vendor-files\\nReason=the lab\\n
      """
    _ = try guest.output(of: "mkdir -p /etc/allow.d && printf '\(rule)' > /etc/allow.d/\(module).conf")
    return "--allow /etc/allow.d"
  }

  private static let swap = Change { tampering in
    // getuid and getgid: whoever calls them in the guest gets 0 from either.
    try tampering.swapSlots(102, 104)
    return Expectation.replaced(slots: Expectation.slots([102, 104]))
  }

  /// `query_module` and `create_module`, which no kernel since 2.6 has (arch/x86/entry/syscalls/syscall_64.tbl).
  static let unusedSlots = [178, 174]
}
