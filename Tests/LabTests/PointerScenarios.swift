import Lab

/// Pointers to code that the kernel and a module were built with, and that lead elsewhere.
extension Scenario {
  static let pointers: [Scenario] = [
    Scenario(
      name: "a terminal's operation that nobody owns", guests: savedAlone,
      change: Change(checks: checksOfPointers) { tampering in
        let page = try tampering.plantUnownedPage()
        try tampering.redirectPointer(in: "n_tty_ops", from: "n_tty_read", to: page.hooks[0])
        return .tampered("static-pointers", "n_tty_ops")
      }),
    Scenario(
      name: "a terminal's operation that is another function of the kernel's", guests: savedAlone,
      change: Change(checks: checksOfPointers) { tampering in
        let other = try tampering.system.symbol(Tampering.quietFunction)
        try tampering.redirectPointer(in: "n_tty_ops", from: "n_tty_read", to: other)
        return .tampered("static-pointers", "n_tty_ops")
      }),
    Scenario(
      name: "a terminal's operation in the middle of a function", guests: savedAlone,
      change: Change(checks: checksOfPointers) { tampering in
        let other = try tampering.system.symbol(Tampering.quietFunction)
        try tampering.redirectPointer(in: "n_tty_ops", from: "n_tty_read", to: other + 7)
        return .tampered("static-pointers", "n_tty_ops")
      }),
    Scenario(
      name: "a terminal's operation that is a module's function", guests: savedAlone,
      exemption: { kernel in
        kernel.kernel.label == "5.10"
          ? "modules of this kernel have no types: a function of the vendor's is a fact" : nil
      },
      change: Change(checks: checksOfPointers) { tampering in
        let other = try tampering.system.symbol("dummy_xmit")
        try tampering.redirectPointer(in: "n_tty_ops", from: "n_tty_read", to: other)
        return .tampered("static-pointers", "n_tty_ops")
      }),
    Scenario(
      name: "a table of operations copied to where nobody owns the memory", guests: calibrated(on: "6.12"),
      change: Change(checks: checksOfPointers) { tampering in
        // Nobody presses this key here.
        _ = try tampering.copyTable("sysrq_loglevel_op", pointedToFrom: "sysrq_key_table")
        return .tampered("static-pointers", "sysrq_key_table")
      }),
    Scenario(
      name: "a table of operations swapped for another of the kernel's", guests: savedAlone,
      change: Change(checks: checksOfPointers) { tampering in
        let other = try tampering.system.symbol("def_chr_fops")
        try tampering.redirectPointer(in: "sysrq_key_table", from: "sysrq_loglevel_op", to: other)
        return .tampered("static-pointers", "sysrq_key_table")
      }),
    Scenario(
      name: "a module's own pointer to its function", guests: calibrated(on: "5.10"),
      change: Change(checks: checksOfPointers) { tampering in
        // Nobody makes such a device while it is changed.
        let other = try tampering.system.symbol(Tampering.quietFunction)
        try tampering.redirectPointer(in: "dummy_link_ops", from: "dummy_setup", to: other)
        return .tampered("static-pointers", "dummy")
      }),
  ]

  private static let checksOfPointers = ["syscall-table", "static-pointers"]
}
