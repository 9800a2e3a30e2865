import Lab

/// Memory that is mapped otherwise than it should be.
extension Scenario {
  static let unprotectedMemory: [Scenario] = [
    Scenario(
      name: "a page of read-only data made writable",
      change: Change { tampering in
        try tampering.makeWritable(tampering.system.symbol("linux_banner"))
        return .tampered("executable-memory", "text or constants are writable")
      }),

    Scenario(
      name: "a page of a module's code made writable", guests: calibrated(on: "6.12"),
      change: Change { tampering in
        try tampering.makeWritable(tampering.system.symbol("dummy_xmit"))
        return .tampered("executable-memory", "writable and executable at once")
      }),

    Scenario(name: "a slot to code that stays when its module has gone", guests: shared(by: "5.10", "7")) { guest in
      var code: UInt64 = 0
      let run = try scanned(guest, only: ["syscall-table", "syscall-dispatch", "executable-memory"]) { tampering in
        code = try ResidentCode.leave(in: guest, writable: false, tampering)
        try tampering.replaceSlot(unusedSlots[0], with: code)
        return .replaced(
          slots: Expectation.slots([unusedSlots[0]]), implantStrings: [ResidentCode.name],
          and: [Expectation.unownedCode])
      }
      try ResidentCode.release(code, in: guest)
      return run
    },

    Scenario(name: "code without a module, in memory that is writable, too", guests: shared(by: "6.1", "6.12")) {
      guest in
      var code: UInt64 = 0
      let run = try scanned(guest, only: ["syscall-table", "executable-memory"]) { tampering in
        code = try ResidentCode.leave(in: guest, writable: true, tampering)
        return .tampered("executable-memory", "writable and executable at once", and: [Expectation.unownedCode])
      }
      try ResidentCode.release(code, in: guest)
      return run
    },
  ]
}
