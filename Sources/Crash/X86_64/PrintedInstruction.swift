package import KernelFormats
internal import KernelModel

extension X86_64 {
  /// Source: arch/x86/kernel/traps.c (Linux v5.18 to v6.5), arch/x86/kernel/cet.c (v6.6 to v7.2).
  package static var missingEntryMark: StaticString { "Missing ENDBR: " }

  /// Names that instructions have for general registers, by the name that reports print.
  private static let printedNames: [String: String] = {
    var names: [String: String] = [:]
    for letter in ["A", "B", "C", "D"] {
      for name in ["r\(letter)x", "e\(letter)x"] { names[name.lowercased()] = "R\(letter)X" }
    }
    for name in ["SI", "DI", "SP", "BP"] {
      for wide in ["r\(name)", "e\(name)"] { names[wide.lowercased()] = "R\(name)" }
    }
    for number in 8...15 {
      for suffix in ["", "d"] { names["r\(number)\(suffix)"] = number < 10 ? "R0\(number)" : "R\(number)" }
    }
    return names
  }()

  /// The bytes from the one in angle brackets on.
  ///
  /// `ud2` and `ud1` are what BUG(), WARN() and the compiler's own checks are made of: arch/x86/include/asm/bug.h (Linux v5.10 to
  /// v7.2).
  package static func instruction(at registers: OopsRegisters) -> FaultingInstruction? {
    guard case .bytes(let code, let start) = registers.code, code.indices.contains(start),
      let disassembler = try? Disassembler()
    else { return nil }
    let bytes = Array(code[start...])
    guard let decoded = disassembler.decode(bytes.span, at: KernelAddress(0), limit: 1).first else { return nil }
    let raw = decoded.instruction
    var told = FaultingInstruction(text: raw.operands.isEmpty ? raw.mnemonic : "\(raw.mnemonic) \(raw.operands)")
    told.isCheck = raw.mnemonic.hasPrefix("ud")
    // Where it leads is counted from an address that is not known.
    if raw.branchTarget != nil { told.text = raw.mnemonic }
    told.usesMemory = decoded.memory != nil
    let (before, memory, after) = parts(of: raw.operands)
    told.registers = used(memory, registers, isOfAddress: true)
    let ofAddress = Set(told.registers.map(\.name))
    told.registers += used(before + "," + after, registers, isOfAddress: false).filter { !ofAddress.contains($0.name) }
    if let operand = decoded.memory, !operand.isInstructionRelative, !operand.hasSegmentBase, !memory.isEmpty {
      told.address = address(memory, told.registers)
    }
    return told
  }

  /// What stands before, between and behind the brackets of an operand in memory.
  private static func parts(of operands: String) -> (before: String, memory: String, after: String) {
    guard let open = operands.firstIndex(of: "["), let close = operands[open...].firstIndex(of: "]") else {
      return (operands, "", "")
    }
    return (
      String(operands[..<open]), String(operands[operands.index(after: open)..<close]),
      String(operands[operands.index(after: close)...])
    )
  }

  private static func used(
    _ text: String, _ registers: OopsRegisters, isOfAddress: Bool
  ) -> [FaultingInstruction.Register] {
    var found: [FaultingInstruction.Register] = []
    for word in text.split(whereSeparator: { !$0.isLetter && !$0.isNumber }) {
      let name = String(word)
      guard let printed = printedNames[name], let value = registers.values[printed],
        !found.contains(where: { $0.name == name })
      else { continue }
      let isHalf = name.hasPrefix("e") || name.hasSuffix("d")
      found.append(
        FaultingInstruction.Register(name: name, value: isHalf ? value & 0xffff_ffff : value, isOfAddress: isOfAddress))
    }
    return found
  }

  /// `rax + rcx*8 - 0x10`, worked out; nil if a register is not told.
  private static func address(_ expression: String, _ registers: [FaultingInstruction.Register]) -> UInt64? {
    var sum: UInt64 = 0
    var isMinus = false
    for term in expression.split(separator: " ") {
      if term == "+" || term == "-" {
        isMinus = term == "-"
        continue
      }
      var value: UInt64 = 1
      for factor in term.split(separator: "*") {
        let number = factor.hasPrefix("0x") ? UInt64(factor.dropFirst(2), radix: 16) : UInt64(factor)
        guard let next = number ?? registers.first(where: { $0.name == factor })?.value else { return nil }
        value = value &* next
      }
      sum = isMinus ? sum &- value : sum &+ value
    }
    return sum
  }
}
