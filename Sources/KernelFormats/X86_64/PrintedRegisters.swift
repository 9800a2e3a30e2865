package import KernelModel

extension X86_64 {
  private static let mostBlocks = 8
  private static let mostFields = 64

  /// `RIP: 0010:vfs_read+0x10/0x20`, `Code: 90 <0f> 0b`, `RAX: 0000000000000000 RBX: …`; false if it is none of these.
  ///
  /// The segment's lowest two bits are the privilege level. Source: `__show_regs()` in arch/x86/kernel/process_64.c (Linux v5.10
  /// to v7.2).
  package static func takeRegisters(_ line: ArraySlice<UInt8>, into registers: inout [OopsRegisters]) -> Bool {
    var scanner = OopsScanner(line)
    if scanner.take("RIP: ") {
      guard let segment = scanner.hexadecimal(), scanner.take(":") else { return false }
      // What the compiler put into its caller: the next line has that, with an offset.
      if registers.count < mostBlocks, !scanner.contains(" [inline]") {
        registers.append(OopsRegisters(isUserMode: segment & 3 == 3, instruction: scanner.place()))
      }
      return true
    }
    let block = registers.count - 1
    guard block >= 0 else { return false }
    if scanner.take("Code: ") {
      registers[block].code = registers[block].code ?? OopsCode(scanner)
      return true
    }
    var isRegister = false
    while registers[block].values.count < mostFields, let (name, value) = scanner.register() {
      isRegister = true
      if registers[block].values[name] == nil { registers[block].values[name] = value }
    }
    return isRegister
  }
}

extension OopsScanner {
  /// A name and its value: `RSP: 0018:ffffc90000000000`, `FS:  00007f00(0000)`, `GS:ffff8880(0000)`, `EFLAGS: 00010246`.
  fileprivate mutating func register() -> (String, UInt64)? {
    var ahead = self
    ahead.skipSpaces()
    var name: [UInt8] = []
    while let byte = ahead.next, byte != UInt8(ascii: ":") {
      let isUpper = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte) || byte == UInt8(ascii: "_")
      let isOther = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) || byte == UInt8(ascii: "k")
      // knlGS and the like.
      guard isUpper || isOther || [UInt8(ascii: "n"), UInt8(ascii: "l")].contains(byte), name.count < 8 else {
        return nil
      }
      name.append(byte)
      _ = ahead.takeByte()
    }
    guard name.count >= 2, ahead.take(":") else { return nil }
    ahead.skipSpaces()
    guard var value = ahead.hexadecimal() else { return nil }
    // A segment stands before the stack pointer, and behind the bases.
    if ahead.take(":") {
      guard let pointer = ahead.hexadecimal() else { return nil }
      value = pointer
    }
    if ahead.take("(") {
      guard ahead.hexadecimal() != nil, ahead.take(")") else { return nil }
    }
    guard ahead.isAtEnd || ahead.next == UInt8(ascii: " ") else { return nil }
    self = ahead
    return (String(decoding: name, as: UTF8.self), value)
  }
}

extension OopsCode {
  private static let mostBytes = 128

  /// What stands behind `Code: `: 42 bytes, the instruction's first in angle brackets, 21 more.
  ///
  /// Source: `show_opcodes()` in arch/x86/kernel/dumpstack.c (Linux v5.10 to v7.2).
  init?(_ scanner: OopsScanner) {
    var scanner = scanner
    if scanner.take("Unable to access opcode bytes at ") {
      _ = scanner.take("RIP ")
      self = .unreadable(scanner.hexadecimal().map { KernelAddress($0) })
      return
    }
    var bytes: [UInt8] = []
    var instruction: Int?
    while bytes.count < Self.mostBytes {
      scanner.skipSpaces()
      let isInstruction = scanner.take("<")
      guard let value = scanner.hexadecimal(), value <= 0xff else { break }
      if isInstruction {
        _ = scanner.take(">")
        instruction = instruction ?? bytes.count
      }
      bytes.append(UInt8(truncatingIfNeeded: value))
    }
    guard let instruction else { return nil }
    self = .bytes(bytes, instruction: instruction)
  }
}
