internal import KernelModel

/// Instructions, one a line, with the name of what each branch leads to.
enum Disassembly {
  /// Bytes of an instruction shown beside it; the few longer ones are in the hexdump.
  private static let bytesShown = 8

  static func rows(of site: Implant.Site, in implant: Implant) -> [ListingRow] {
    site.instructions.map { row($0, isMarked: $0.address == site.address, destination($0, implant.name(of:))) }
  }

  /// - Parameter marked: an address; the instruction that holds it is marked.
  static func rows(of instructions: [Instruction], marked: KernelAddress) -> [ListingRow] {
    instructions.map { instruction in
      let isMarked = marked.offset(from: instruction.address).map { $0 < UInt64(instruction.bytes.count) } ?? false
      return row(instruction, isMarked: isMarked, destination(instruction) { _ in nil })
    }
  }

  private static func row(_ instruction: Instruction, isMarked: Bool, _ destination: PlainText) -> ListingRow {
    let mark: PlainText = isMarked ? ">" : " "
    let more: PlainText = instruction.bytes.count > bytesShown ? "+" : ""
    let bytes: PlainText = "\(Hexdump.hexadecimal(instruction.bytes.prefix(bytesShown)))\(more)"
    let operation: PlainText =
      instruction.operands.isEmpty
      ? "\(instruction.mnemonic)"
      : "\(PlainText(instruction.mnemonic).padded(to: 7)) \(instruction.operands)"
    return ListingRow(
      text: "\(mark) \(instruction.address)  \(bytes.padded(to: 24))  \(operation)\(destination)", isMarked: isMarked)
  }

  /// What the operands do not say of a branch: the name of where it leads, or the address.
  private static func destination(
    _ instruction: Instruction, _ name: (KernelAddress) -> PlainText?
  ) -> PlainText {
    guard let target = instruction.branchTarget else { return "" }
    if let name = name(target) { return " \(name)" }
    let isShown = instruction.operands.contains(String(target.rawValue, radix: 16))
    return isShown ? "" : " -> \(target)"
  }
}
