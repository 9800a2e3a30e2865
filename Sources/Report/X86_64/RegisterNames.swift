internal import KernelModel

extension X86_64.Registers: NamedRegisters {
  var named: [(name: PlainText, value: UInt64)] {
    [
      ("rip", ip), ("rsp", sp), ("rflags", flags), ("orig_rax", originalAX), ("rax", ax), ("rbx", bx), ("rcx", cx),
      ("rdx", dx), ("rsi", si), ("rdi", di), ("rbp", bp), ("r8", r8), ("r9", r9), ("r10", r10), ("r11", r11),
      ("r12", r12), ("r13", r13), ("r14", r14), ("r15", r15), ("cs", cs), ("ss", ss),
    ]
  }
}
