import Lab

extension Scenario {
  /// Every scenario, in the order in which one guest goes through them.
  ///
  /// What cannot be undone comes last.
  static let all: [Scenario] = [
    Scenario(name: "clean") { guest in
      Run(scans: [try Scan(in: guest)], expectation: .clean)
    },

    // An image that is not there cannot be held against its package's record: a suspect could have removed it.
    Scenario(name: "clean, without the vendor's image") { guest in
      Run(scans: [try withoutImage(guest) { try Scan(in: guest) }], expectation: .unanswered)
    },

    Scenario(name: "clean, with twenty ordinary modules") { guest in
      _ = try guest.output(of: "modprobe -a $(cat /lab/modules)")
      let count = try guest.output(of: "wc -l </proc/modules")
      let scan = try Scan(in: guest)
      let complaints = Int(count).map { $0 >= 20 } == true ? [] : ["only \(count) modules are loaded"]
      return Run(scans: [scan], expectation: .clean, complaints: complaints)
    },

    Scenario(name: "two slots swapped inside kernel text") { guest in
      try tampering(with: guest) { tampering in
        // getuid and getgid: whoever calls them in the guest gets 0 from either.
        try tampering.swapSlots(102, 104)
        return Expectation(verdict: .critical, slots: Expectation.slots([102, 104]))
      }
    },

    Scenario(name: "the same, without the vendor's image") { guest in
      try withoutImage(guest) {
        try tampering(with: guest) { tampering in
          try tampering.swapSlots(102, 104)
          return Expectation(verdict: .critical, slots: Expectation.slots([102, 104]))
        }
      }
    },

    Scenario(name: "a slot to unmapped memory") { guest in
      try tampering(with: guest) { tampering in
        try tampering.replaceSlot(unusedSlots[0], with: Tampering.unmappedModuleAddress)
        return Expectation(verdict: .critical, slots: Expectation.slots([unusedSlots[0]]))
      }
    },

    Scenario(name: "two slots to memory nobody owns, from outside") { guest in
      try tampering(with: guest) { tampering in
        // The page cannot be executed: where the table is really used, only slots that nobody calls may lead there.
        let slots = try Tampering.dispatchesThroughTable(guest) ? unusedSlots : [0, 2]
        let page = try tampering.plantUnownedPage()
        for (slot, hook) in zip(slots, page.hooks) { try tampering.replaceSlot(slot, with: hook) }
        return Expectation(
          verdict: .critical, slots: Expectation.slots(slots), implantStrings: Tampering.UnownedPage.names)
      }
    },

    Scenario(name: "slots 0 and 2 replaced by a visible module") { guest in
      guard guest.kernel.hasFixture else {
        // From outside, and into a module of the distribution: nothing may be executed there that is no system call.
        return try tampering(with: guest) { tampering in
          let slots = try Tampering.dispatchesThroughTable(guest) ? unusedSlots : [0, 2]
          _ = try guest.output(of: "modprobe dummy")
          let target = try guest.symbol("dummy_xmit")
          for slot in slots { try tampering.replaceSlot(slot, with: target) }
          return Expectation(verdict: visibleModuleVerdict, slots: Expectation.slots(slots), owner: "dummy")
        }
      }
      try HookedModule.load(into: guest)
      let scan = try Scan(in: guest)
      try HookedModule.unload(from: guest)
      return Run(
        scans: [scan],
        expectation: Expectation(
          verdict: visibleModuleVerdict, slots: Expectation.slots([0, 2]), owner: "hooked",
          implantStrings: HookedModule.names))
    },

    Scenario(
      name: "one ia32 slot replaced by a visible module",
      exemption: { guest in
        if try guest.symbols(["ia32_sys_call_table"]).isEmpty { return "this kernel has no ia32_sys_call_table" }
        return guest.kernel.hasFixture ? nil : "no fixture for this kernel"
      }
    ) { guest in
      // 5 is open, in the numbers of 32-bit programs.
      try HookedModule.load(into: guest, slots: [5], table: "ia32_sys_call_table")
      let scan = try Scan(in: guest)
      try HookedModule.unload(from: guest)
      return Run(
        scans: [scan],
        expectation: Expectation(
          verdict: visibleModuleVerdict, slots: Expectation.slots([5], of: "ia32_sys_call_table"), owner: "hooked"))
    },

    Scenario(name: "clean again, after the module was unloaded") { guest in
      Run(scans: [try Scan(in: guest)], expectation: .clean)
    },

    Scenario(name: "not root") { guest in
      Run(scans: [try Scan(in: guest, as: .guest)], expectation: .unanswered)
    },

    Scenario(name: "kptr_restrict=2") { guest in
      let before = try guest.output(of: "cat /proc/sys/kernel/kptr_restrict; echo 2 >/proc/sys/kernel/kptr_restrict")
      let scan = try Scan(in: guest)
      _ = try guest.output(of: "echo \(before) >/proc/sys/kernel/kptr_restrict")
      return Run(scans: [scan], expectation: .unanswered)
    },

    Scenario(name: "modules come and go during 50 scans") { guest in
      // Ordinary modules that load fast and that nothing else here needs.
      _ = try guest.output(
        of: """
          rmmod veth macvlan nbd dummy 2>/dev/null; rm -f /tmp/calm; : >/tmp/loads
          storm() {
            until [ -e /tmp/calm ]; do
              for m in dummy veth macvlan nbd; do modprobe $m && echo $m >>/tmp/loads; rmmod $m; done
            done
            : >/tmp/over
          }
          storm >/dev/null 2>&1 &
          # On one processor the scans get three quarters of the time: the storm goes on in each, and the run ends.
          renice -n 5 -p $! >/dev/null
          """)
      // What comes and goes is not the image: without it a scan is mostly the look at what does.
      let scans = try withoutImage(guest) { try (0..<50).map { _ in try Scan(in: guest) } }
      let loads = try guest.output(
        of: ": >/tmp/calm; until [ -e /tmp/over ]; do sleep 0.1; done; rm /tmp/over; wc -l </tmp/loads")
      let complaints = Int(loads).map { $0 >= scans.count } == true ? [] : ["that was no storm: \(loads) loads"]
      return Run(scans: scans, expectation: .clean, complaints: complaints)
    },

    Scenario(
      name: "slots 0 and 2 replaced by a hidden module",
      exemption: { $0.kernel.hasFixture ? nil : "no fixture for this kernel; see memory nobody owns" }
    ) { guest in
      try HookedModule.load(into: guest, hidden: true)
      return Run(
        scans: [try Scan(in: guest)],
        expectation: Expectation(
          verdict: .critical, slots: Expectation.slots([0, 2]), implantStrings: HookedModule.names))
    },

    Scenario(name: "lockdown=confidentiality", kernelArguments: ["lockdown=confidentiality"]) { guest in
      var complaints: [String] = []
      if try !guest.output(of: "cat /sys/kernel/security/lockdown").contains("[confidentiality]") {
        complaints.append("the kernel is not locked down")
      }
      return Run(scans: [try Scan(in: guest)], expectation: .unanswered, complaints: complaints)
    },
  ]

  /// A changed table is critical, whoever changed it.
  private static let visibleModuleVerdict = Expectation.Verdict.critical

  /// `query_module` and `create_module`, which no kernel since 2.6 has (arch/x86/entry/syscalls/syscall_64.tbl).
  private static let unusedSlots = [178, 174]

  /// Does something while the guest has no kernel image to compare with.
  private static func withoutImage<Result>(_ guest: Guest, _ body: () throws -> Result) throws -> Result {
    _ = try guest.output(of: "mv /boot /boot-away")
    let result = try body()
    _ = try guest.output(of: "mv /boot-away /boot")
    return result
  }

  /// Scans while a tampering from outside is in place, and undoes it.
  private static func tampering(
    with guest: Guest, _ change: (Tampering) throws -> Expectation
  ) throws -> Run {
    let tampering = Tampering(guest)
    do {
      let expectation = try change(tampering)
      let scan = try Scan(in: guest)
      try tampering.restore()
      return Run(scans: [scan], expectation: expectation)
    } catch {
      try tampering.restore()
      throw error
    }
  }
}
