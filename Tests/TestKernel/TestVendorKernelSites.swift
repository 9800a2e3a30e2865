extension TestVendorKernel {
  /// A place in the code: what the vendor's file has there, and what a running kernel has.
  package struct Site {
    package var place: UInt64
    package var file: [UInt8]
    package var live: [UInt8]

    init(_ place: UInt64, _ file: String, _ live: String? = nil) {
      self.place = place
      self.file = hex(file)
      self.live = hex(live ?? file)
    }
  }

  /// All code; what lies between is `cc`.
  ///
  /// The running kernel was moved by 0x200000, has one processor with feature 3, needs neither retpolines nor return
  /// thunks, and traces and probes a few functions. Each byte was worked out by hand from the kernel's own rules.
  package static let sites: [Site] = [
    Site(0x000, "c3"),  // _text
    // Addresses: mov $0x81001000, %rdi grows by 0x200000; mov 0x400000(%rip), %eax, counted in the other direction,
    // shrinks.
    Site(0x040, "48 c7 c7 00 10 00 81", "48 c7 c7 00 10 20 81"),
    Site(0x04b, "8b 05 00 00 40 00", "8b 05 00 00 20 00"),
    // Retpolines: call of thunk 0 (rax) is call *%rax and a NOP of 3 bytes; jump to thunk 11 is jmp *%r11, a breakpoint,
    // a NOP; jne to thunk 0 is je over jmp *%rax.
    Site(0x084, "e8 77 01 00 00", "ff d0 0f 1f 00"),
    Site(0x090, "e9 cb 02 00 00", "41 ff e3 cc 90"),
    Site(0x0a0, "0f 85 5a 01 00 00", "74 04 ff e0 cc 90"),
    // Jumps to __x86_return_thunk are returns.
    Site(0x0c4, "e9 37 03 00 00", "c3 cc cc cc cc"),
    Site(0x0d0, "e9 2b 03 00 00", "c3 cc cc cc cc"),
    // Alternatives: stac for a feature that is there, and a NOP of 2 bytes; single NOPs joined where it is not; a call of
    // 0x40 for a feature that is absent, from here; a call through the pointer made direct, to 0x480; clac, of two
    // entries.
    Site(0x100, "0f 1f 44 00 00", "0f 01 cb 66 90"),
    Site(0x108, "90 90 90 90 90", "0f 1f 44 00 00"),
    Site(0x120, "0f 1f 44 00 00", "e8 1b ff ff ff"),
    Site(0x130, "ff 15 ca 9f 00 00", "e8 4b 03 00 00 90"),
    Site(0x140, "90 90 90 90 90", "0f 01 ca 66 90"),
    // endbr64, sealed, is nopw (%rax); lock incq (%rdi) on one processor has a ds prefix.
    Site(0x160, "f3 0f 1e fa c3", "66 0f 1f 00 c3"),
    Site(0x168, "f3 0f 1e fa c3", "66 0f 1f 00 c3"),
    Site(0x170, "f3 0f 1e fa c3", "66 0f 1f 00 c3"),
    Site(0x180, "f0 48 ff 07 c3", "3e 48 ff 07 c3"),
    // mov $dentry_hashtable, %rax; shr $d_hash_shift, %eax.
    Site(0x1a0, "48 b8 ef cd ab 89 67 45 23 01", "48 b8 00 00 10 00 80 88 ff ff"),
    Site(0x1aa, "c1 e8 0c", "c1 e8 14"),
    // Static keys: both jump to 0x1e0 as their key is on; the third, likely, does not.
    Site(0x1c0, "0f 1f 44 00 00", "e9 1b 00 00 00"),
    Site(0x1c8, "66 90", "eb 16"),
    Site(0x1d0, "eb 0e", "66 90"),
    Site(0x1e0, "c3"),
    Site(0x400, "c3"),  // __x86_return_thunk
    Site(0x440, "0f 0b"),  // BUG_func
    Site(0x480, "c3"),
    // Static calls: of 0x480; a tail call; a call of nothing; a tail call of nothing; of __static_call_return0, which is
    // xor %eax, %eax; a conditional tail call.
    Site(0x4c0, "e8 7b 00 00 00", "e8 bb ff ff ff"),
    Site(0x4d0, "e9 6b 00 00 00", "e9 ab ff ff ff"),
    Site(0x4e0, "e8 6b 00 00 00", "0f 1f 44 00 00"),
    Site(0x4f0, "e9 5b 00 00 00", "c3 cc cc cc cc"),
    Site(0x500, "e8 5b 00 00 00", "2e 2e 2e 31 c0"),
    Site(0x510, "0f 84 2a 00 00 00", "0f 84 6a ff ff ff"),
    // Their trampolines; the second is a return thunk's site too, which its mark keeps from being patched as one.
    Site(0x540, "e9 fb fe ff ff 0f b9 cc", "e9 3b ff ff ff 0f b9 cc"),
    Site(0x550, "e9 ab fe ff ff 0f b9 cc", "c3 cc cc cc cc 0f b9 cc"),
    Site(0x560, "e9 5b 00 00 00 0f b9 cc"),
    Site(0x5c0, "31 c0 c3"),  // __static_call_return0
    // Function entries, calls of __fentry__ at 0x640: not traced; traced by the common code at 0x680; called directly at
    // 0xffffffffa0000000; traced by the trampoline at 0xffffffffa0001000.
    Site(0x600, "e8 3b 00 00 00 c3", "0f 1f 44 00 00 c3"),
    Site(0x610, "e8 2b 00 00 00 c3", "e8 6b 00 00 00 c3"),
    Site(0x620, "e8 1b 00 00 00 c3", "e8 db f9 df 1e c3"),
    Site(0x630, "e8 0b 00 00 00 c3", "e8 cb 09 e0 1e c3"),
    Site(0x640, "c3"),  // __fentry__
    // The tracer's entry code: mov function_trace_op(%rip), %rdx; call of ftrace_stub, and of the tracer at 0x700.
    Site(0x680, "48 8b 15 79 9b 00 00"),
    Site(0x687, "e8 34 00 00 00", "e8 74 00 00 00"),
    Site(0x68c, "c3"),
    Site(0x6c0, "c3"),  // ftrace_stub
    Site(0x700, "c3"),
    // Probes: a breakpoint; a jump to 0xffffffffa0002000.
    Site(0x740, "55 48 89 e5 5d c3", "cc 48 89 e5 5d c3"),
    Site(0x760, "48 89 f8 66 90 c3", "e9 9b 18 e0 1e c3"),
    // A function that nothing patches: xor %rax, %rax; inc %rax; ret.
    Site(0x780, "48 31 c0 48 ff c0 c3"),
  ]
}
