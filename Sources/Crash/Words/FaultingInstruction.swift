internal import KernelModel

/// The instruction that the processor was at, by the bytes that a report prints.
package struct FaultingInstruction: Hashable, Sendable {
  /// As it is written.
  package var text: String
  /// The registers that it uses, by the names that it has for them, and what they hold; those that are told.
  package var registers: [Register] = []
  /// The address of the memory that it uses, worked out of the registers; nil if it uses none, or one of them is not told.
  package var address: UInt64?
  /// Whether it uses memory at all.
  package var usesMemory = false
  /// Whether it is the trap that the compiler puts where the kernel finds itself at fault.
  package var isCheck = false

  package struct Register: Hashable, Sendable {
    package var name: String
    package var value: UInt64
    /// Whether it makes a part of the address.
    package var isOfAddress: Bool
  }

  /// What it is, and what its registers hold, in a sentence.
  package func sentence(isRefused: Bool) -> String {
    if isCheck { return "The instruction is \(text), a trap that stands where a check of the kernel's own failed." }
    var parts = registers.map { register in
      let meaning = PointerValue.words(register.value, isRefused: isRefused && register.isOfAddress)
      return "\(register.name) is \(register.value.hexadecimal)\(meaning.map { ", \($0)" } ?? "")"
    }
    if let address, registers.contains(where: { $0.isOfAddress && $0.value != address }) {
      let meaning = PointerValue.words(address, isRefused: isRefused)
      parts.append("that makes \(address.hexadecimal)\(meaning.map { ", \($0)" } ?? "")")
    }
    return "The instruction is `\(text)`\(parts.isEmpty ? "" : ": \(parts.joined(separator: "; "))")."
  }
}
