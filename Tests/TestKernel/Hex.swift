/// The bytes that pairs of hexadecimal digits stand for, as a disassembler prints them: `hex("e8 77 01 00 00")`.
package func hex(_ text: String) -> [UInt8] {
  text.split(separator: " ").map { UInt8($0, radix: 16) ?? 0 }
}
