import Lab

/// Code and constants of the kernel and of a module that were changed from outside.
///
/// Each change is undone after its scan; see ``CodeTampering`` for why a guest survives it.
extension Scenario {
  static let tamperedText: [Scenario] = [
    Scenario(
      name: "a branch of x64_sys_call to another handler", guests: calibrated(on: "7"),
      exemption: dispatchesThroughTable,
      change: Change { tampering in
        // getuid and getgid: whoever calls them in the guest gets 0 from either.
        try redirect("__x64_sys_getuid", to: tampering.system.symbol("__x64_sys_getgid"), tampering)
        return .tampered("syscall-dispatch", "x64_sys_call[102]", alsoSeenBy: ["kernel-text"])
      }),

    Scenario(
      name: "a branch of x64_sys_call to unmapped memory", exemption: dispatchesThroughTable,
      change: Change { tampering in
        // Nobody calls swapoff here.
        try redirect("__x64_sys_swapoff", to: Tampering.unmappedModuleAddress, tampering)
        return .tampered("syscall-dispatch", "x64_sys_call[168]", alsoSeenBy: ["kernel-text"])
      }),

    Scenario(
      name: "a slot of a jump table changed",
      change: Change { tampering in
        // The kernels are built without the compiler's jump tables (-fno-jump-tables, arch/x86/Makefile); what each has is
        // the BPF interpreter's, which runs nothing while programs are compiled (kernel/bpf/core.c). Opcode 0 is none.
        let table = try tampering.system.kallsyms(awk: "$3 ~ /^jumptable\\./ { print $3; exit }")
        guard !table.isEmpty else { throw LabError("\(tampering.system.kernel) has no jumptable") }
        try tampering.replaceSlot(0, in: table, with: tampering.system.symbol("kernel_kexec"))
        return .tampered("kernel-text", "jumptable")
      }),

    Scenario(
      name: "int3 at the start of a function that nobody calls",
      change: Change { tampering in
        // At the start of vfs_read it would end the guest.
        try tampering.patch([0xcc], at: tampering.system.symbol(Tampering.quietFunction))
        return .tampered("kernel-text", Tampering.quietFunction)
      }),

    Scenario(
      name: "one byte in the middle of a function", guests: calibrated(on: "5.10"),
      change: Change { tampering in
        let function = try tampering.function(Tampering.quietFunction)
        try tampering.flipByte(at: function.address + UInt64(function.bytes.count / 2))
        return .tampered("kernel-text", Tampering.quietFunction)
      }),

    Scenario(
      name: "a few functions changed in the same way",
      change: Change { tampering in
        try tampering.changeAlike(8)
        return .tampered("kernel-text", "__ia32_sys_")
      }),

    Scenario(
      name: "so many functions changed in the same way that it is a rule",
      change: Change { tampering in
        // Such is a kernel whose build patches itself in a way that is not known.
        try tampering.changeAlike(66)
        return .unanswered
      }),

    Scenario(
      name: "one byte of read-only data",
      change: Change { tampering in
        try tampering.flipByte(at: tampering.system.symbol("linux_banner") + 6)
        return .tampered("kernel-text", "linux_banner")
      }),

    Scenario(
      name: "a static call to unmapped memory, in its key and its sites",
      change: Change { tampering in
        let call = try tampering.redirectStaticCall(to: Tampering.unmappedModuleAddress)
        return .tampered("kernel-text", call.name)
      }),

    Scenario(
      name: "a jump label against its key",
      change: Change { tampering in .tampered("kernel-text", try tampering.flipJumpLabel()) }),

    Scenario(
      name: "a tracer's call to a trampoline that is in no list",
      change: Change { tampering in
        let function = try tampering.function(Tampering.quietFunction)
        try tampering.callFromEntry(of: function, to: Tampering.unmappedModuleAddress)
        return .tampered("kernel-text", Tampering.quietFunction)
      }),

    Scenario(
      name: "one byte of a module's code", guests: calibrated(on: "5.10"),
      change: Change { tampering in
        // No such device is up.
        try tampering.flipByte(at: tampering.system.symbol("dummy_xmit") + 0x20)
        return .tampered("module-text", "dummy_xmit")
      }),

    Scenario(
      name: "the image on disk changed, with dpkg's records as they were",
      guests: .of(["6.12"], why: "the file is compared with the records, and the kernel has no part in that")
    ) { guest in
      // In the code of its real-mode part, which is neither the header nor the kernel (arch/x86/boot/header.S).
      _ = try guest.output(
        of: """
          image=$(cat /lab/image); cp $image /image-before
          printf '\\314\\314' | dd of=$image bs=1 seek=4096 conv=notrunc 2>/dev/null
          ! cmp -s $image /image-before
          """)
      let scan = try Scan(in: guest)
      _ = try guest.output(of: "mv /image-before $(cat /lab/image)")
      return Run(scans: [scan], expectation: .tampered("vendor-files", "vmlinuz"))
    },
  ]

  /// Code that runs where nobody owns the memory; on 5.10 a hidden module stays after these.
  static let unownedCode: [Scenario] = [
    detour("the start of vfs_read replaced by a jump to memory nobody owns", .relative, guests: shared(by: "6.1", "7")),
    detour(
      "the start of vfs_read replaced by mov rax; jmp rax to memory nobody owns", .absolute,
      guests: shared(by: "5.10", "6.12")),
  ]

  private static func detour(_ name: String, _ detour: Tampering.Detour, guests: Guests) -> Scenario {
    Scenario(name: name, guests: guests, leavesGuestChanged: true) { guest in
      let code = try UnownedCode.address(in: guest)
      return try scanned(guest, only: Change.checksOfCode) { tampering in
        try tampering.detour("vfs_read", through: code, by: detour)
        return .tampered(
          "kernel-text", "vfs_read", and: [Expectation.unownedCode], alsoSeenBy: ["module-list", "module-text"])
      }
    }
  }

  private static let dispatchesThroughTable: @Sendable (any TamperedKernel) throws -> String? = { system in
    try Tampering.dispatchesThroughTable(system) ? "this kernel calls through the table: see its slots" : nil
  }

  private static func redirect(_ handler: String, to target: UInt64, _ tampering: Tampering) throws {
    let dispatcher = try tampering.function("x64_sys_call")
    guard try tampering.redirectBranch(in: dispatcher, from: tampering.system.symbol(handler), to: target) != nil else {
      throw LabError("x64_sys_call has no branch to \(handler)")
    }
  }
}
