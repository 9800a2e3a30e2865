internal import KernelModel

/// Instructions, one a line, with the name of what each branch leads to.
enum Disassembly {
  /// Bytes of an instruction shown beside it; the few longer ones are in the hexdump.
  private static let bytesShown = 8

  static func rows(of site: Implant.Site, in implant: Implant) -> [ListingRow] {
    site.instructions.map { instruction in
      let isMarked = instruction.address == site.address
      let mark: PlainText = isMarked ? ">" : " "
      let more: PlainText = instruction.bytes.count > bytesShown ? "+" : ""
      let bytes: PlainText = "\(Hexdump.hexadecimal(instruction.bytes.prefix(bytesShown)))\(more)"
      let operation: PlainText =
        instruction.operands.isEmpty
        ? "\(instruction.mnemonic)"
        : "\(PlainText(instruction.mnemonic).padded(to: 7)) \(instruction.operands)"
      return ListingRow(
        text: """
          \(mark) \(instruction.address)  \(bytes.padded(to: 24))  \(operation)\(destination(instruction, implant))
          """,
        isMarked: isMarked)
    }
  }

  /// What the operands do not say of a branch: the name of where it leads, or the address.
  private static func destination(_ instruction: Instruction, _ implant: Implant) -> PlainText {
    guard let target = instruction.branchTarget else { return "" }
    if let name = implant.name(of: target) { return " \(name)" }
    let isShown = instruction.operands.contains(String(target.rawValue, radix: 16))
    return isShown ? "" : " -> \(target)"
  }
}
