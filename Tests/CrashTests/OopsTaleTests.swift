import Crash
import KernelFormats
import Testing

/// What a report in the kernel's own words comes to.
@Suite struct OopsTaleTests {
  private func reports(_ text: String) -> [OopsText] { OopsText.all(in: Array(text.utf8)) }

  private func tale(_ text: String) throws -> OopsTale {
    let reports = reports(text)
    return OopsTale(try #require(OopsText.decisive(among: reports)), among: reports)
  }

  private func account(_ text: String) throws -> String { try tale(text).sentences.joined(separator: " ") }

  /// A fault of a page in a module, by an instruction that reads or writes through a register.
  private func fault(
    _ address: String, code: String = "0000", bytes: String = "<48> 8b 40 28", registers: String = ""
  ) -> String {
    """
    BUG: unable to handle page fault for address: \(address)
    #PF: error_code(0x\(code)) - not-present page
    Oops: \(code) [#1] SMP
    CPU: 1 PID: 2 Comm: x Tainted: G OE 6.1.0 #1
    RIP: 0010:f+0x10/0x20 [m]
    Code: 55 \(bytes) 90
    \(registers)
    Call Trace:
     g+0x1/0x2
    Modules linked in: m(OE)
    """
  }

  @Test func `the instruction is told with what its registers hold`() throws {
    let text = fault("0000000000000028", registers: "RAX: 0000000000000000 RBX: 0000000000000001")
    #expect(
      try account(text).contains("`mov rax, qword ptr [rax + 0x28]`: rax is 0x0, NULL; that makes 0x28, NULL + 0x28."))
    #expect(try tale(text).instruction?.address == 0x28)
    // A register that is not told is not made up.
    let untold = try #require(try tale(fault("0000000000000028")).instruction)
    #expect(untold.registers == [] && untold.address == nil)
  }

  @Test func `an index, a scale and a difference are worked out`() throws {
    // mov rax, qword ptr [rdi + rcx*8 - 0x10]
    let text = fault(
      "0000000000001010", bytes: "<48> 8b 44 cf f0", registers: "RDI: 0000000000001000 RCX: 0000000000000004")
    #expect(try tale(text).instruction?.address == 0x1010)
  }

  @Test(arguments: [
    ("dead000000000108", "LIST_POISON1"), ("dead000000000122", "LIST_POISON2"), ("dead000000000200", "LIST_POISON2"),
    ("6b6b6b6b6b6b6b7b", "memory that was freed"), ("5a5a5a5a5a5a5a5a", "never written"),
    ("656c69662f637465", "the text \"etc/file\""), ("fffffffffffffff4", "the error number -12"),
    ("0000000000000010", "NULL + 0x10"), ("0000000000000000", "NULL"),
  ]) func `an address is read`(_ address: String, _ words: String) throws {
    #expect(try account(fault(address)).contains(words))
  }

  @Test func `an address that is like any other is told by where it lies`() throws {
    #expect(try account(fault("ffffb1c0c0a51008")).contains("(NULL") == false)
    #expect(try account(fault("ffffb1c0c0a51008")).contains("in memory that the kernel hands out for data"))
  }

  @Test func `a bit that flipped is told only of what the processor took for no address`() throws {
    let text = """
      general protection fault, probably for non-canonical address 0xfffe888012345678: 0000 [#1] SMP
      RIP: 0010:f+0x10/0x20
      Call Trace:
       g+0x1/0x2
      """
    #expect(try account(text).contains("one bit (48) away from 0xffff888012345678"))
    #expect(try !account(fault("fffe888012345678")).contains("one bit"))
  }

  @Test(arguments: [
    (
      "Attempted to kill init! exitcode=0x00007f00",
      "exited with status 127: it, its interpreter or its loader was not found"
    ),
    ("Attempted to kill init! exitcode=0x0000000b", "was killed by SIGSEGV"),
    ("VFS: Unable to mount root fs on unknown-block(0,0)", "its driver or the initramfs is missing"),
    ("VFS: Unable to mount root fs on unknown-block(8,1)", "The device 8,1 is known"),
  ]) func `numbers of a panic are put into words`(_ message: String, _ words: String) throws {
    #expect(try account("Kernel panic - not syncing: \(message)\n").contains(words))
  }

  @Test func `a machine check is the hardware's`() {
    var report = reports("Kernel panic - not syncing: Fatal machine check\n")[0]
    report.statements = ["mce: [Hardware Error]: CPU 7: Machine Check Exception: 5 Bank 0: be00000000800400"]
    let account = OopsTale(report).sentences.joined(separator: " ")
    #expect(
      account.contains("processor 7, bank 0, status 0xbe00000000800400 (valid, not corrected, reporting enabled, the"))
    #expect(account.contains("an internal timer ran out"))
    #expect(account.contains("That is hardware"))
  }

  @Test func `whose code it is, by the letters of the list of modules`() throws {
    #expect(try tale(fault("0000000000000028")).culprit == "f of the module m (out of tree, unsigned)")
    let inTree = fault("0000000000000028").replacing("m(OE)", with: "m")
    #expect(try tale(inTree).culprit == nil)
    #expect(try account(inTree).contains("All code on the way is the kernel's own; the first module is m."))
    // Nothing is known of a module where the list is not told.
    #expect(try tale(inTree.replacing("Modules linked in: m", with: "")).culprit == "f of the module m")
  }

  @Test func `who holds a lock is told`() {
    var report = reports(
      "INFO: task x:7 blocked for more than 120 seconds.\nCall Trace:\n __schedule+0x1/0x2\n f+0x1/0x2\n")[0]
    report.statements = ["INFO: task x:7 is blocked on a mutex likely owned by task y:8."]
    let account = OopsTale(report).sentences.joined(separator: " ")
    #expect(account.contains("Task x (7) waited for too long: it waits in f."))
    #expect(account.contains("likely owned by task y:8"))
  }

  @Test func `the first trouble is told with what it came to`() throws {
    let text =
      fault("0000000000000028") + "\n---[ end trace 0 ]---\n"
      + fault("ffffb1c0c0a51008").replacing("[#1]", with: "[#2]") + "\nKernel panic - not syncing: Fatal exception\n"
    let account = try account(text)
    #expect(account.contains("0x28 (NULL + 0x28)"))
    #expect(account.contains("It ended in a panic: Fatal exception"))
  }

  @Test func `what is missing is said`() throws {
    let bare = try tale("BUG: kernel NULL pointer dereference, address: 0000000000000008\n")
    #expect(bare.missing.contains { $0.hasPrefix("Where the processor was is not told.") })
    #expect(bare.missing.contains("There is no call trace."))
    #expect(try tale(fault("0000000000000028")).missing == [])
  }

  @Test(arguments: [
    ("RIP: 0010:f.constprop.0+0x10/0x20 [m]", "page-fault: f, g, h"),
    ("RIP: 0010:refcount_warn_saturate+0xba/0x110", "page-fault: g, h"),
    ("RIP: 0010:0xffffffffc0a3e07d", "page-fault: g, h"),
  ]) func `a signature has no offset, no suffix and nothing that only reports`(_ place: String, _ signature: String)
    throws
  {
    let text = """
      BUG: unable to handle page fault for address: ffffb1c0c0a51008
      \(place)
      Call Trace:
       ? stale+0x1/0x2
       g.isra.0.cold+0x1/0x2 [m]
       _raw_spin_lock+0x1/0x2
       h+0x1/0x2
       do_syscall_64+0x33/0x80
       entry_SYSCALL_64_after_hwframe+0x62/0xc7
      """
    #expect(try #require(reports(text).first).signature == signature)
  }

  @Test func `hostile bytes, registers and numbers trap nothing`() throws {
    for bytes in ["<48>", "<ff> ff ff ff", "<0f> 0b", "<62> 00", "<2e> 8b 05 00 00 00 00", "<65> 48 8b 00"] {
      _ = try account(fault("ffffffffffffffff", bytes: bytes, registers: "RAX: ffffffffffffffff RCX: ffffffffffffffff"))
    }
    for message in ["exitcode=", "exitcode=0xzz", "unknown-block(", "unknown-block()"] {
      _ = try account("Kernel panic - not syncing: \(message)\n")
    }
  }
}
