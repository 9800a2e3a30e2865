/// The line that `die()` prints of an exception, by its number: `invalid opcode: 0000 [#1] SMP`.
///
/// Source: __die_header() in arch/x86/kernel/dumpstack.c, __die() in arch/arm64/kernel/traps.c, arch/arm/kernel/traps.c and
/// arch/powerpc/kernel/traps.c, die() in arch/riscv/kernel/traps.c, arch/s390/kernel/dumpstack.c and arch/mips/kernel/traps.c (Linux
/// v2.6.32 to v7.2).
enum OopsException {
  /// In how many bytes of others the name stands; nil if it is no such line.
  ///
  /// - Parameter line: up to the number in brackets, and with it.
  static func start(_ line: ArraySlice<UInt8>) -> Int? {
    guard let bracket = line.lastIndex(of: UInt8(ascii: "[")), let shape = shape(line[..<bracket]) else { return nil }
    // What is before the name belongs to a console or a log daemon.
    let name = shape.name
    let others: Set<UInt8> = Set("]>;|\"\t=}".utf8)
    var start = name.lastIndex { others.contains($0) }.map { $0 + 1 } ?? name.startIndex
    if let colon = name[start...].indices.last(where: {
      name[$0] == UInt8(ascii: ":") && $0 + 1 < name.endIndex && name[$0 + 1] != UInt8(ascii: " ")
    }) {
      start = colon + 1
    }
    if let kernel = OopsScanner(name[start...]).offset(of: "kernel: ") { start += kernel + "kernel: ".utf8.count }
    while start < name.endIndex, line[start] == UInt8(ascii: " ") { start += 1 }
    guard start < name.endIndex, name.endIndex - start <= 200 else { return nil }
    return start - line.startIndex
  }

  /// The name and the number behind it that stand before the brackets.
  private static func shape(_ head: ArraySlice<UInt8>) -> (name: ArraySlice<UInt8>, code: UInt64?)? {
    var head = head
    while head.last == UInt8(ascii: " ") { head = head.dropLast() }
    let bare: [StaticString] = ["Oops", "detected", "code", "access", "BUG", "fault", "instruction", "misaligned"]
    if bare.contains(where: { $0.withUTF8Buffer { head.suffix($0.count).elementsEqual($0) } }) { return (head, nil) }
    // s390x: `0004 ilc:2`.
    if let space = head.lastIndex(of: UInt8(ascii: " ")), OopsScanner(head[(space + 1)...]).begins("ilc:") {
      head = head[..<space]
    }
    guard let colon = head.lastIndex(of: UInt8(ascii: ":")), head.index(after: colon) < head.endIndex else {
      return nil
    }
    var number = OopsScanner(head[(colon + 1)...])
    number.skipSpaces()
    guard let code = number.hexadecimal(), number.isAtEnd else { return nil }
    let name = head[..<colon]
    return name.suffix(4).elementsEqual(" sig".utf8) ? (name.dropLast(5), nil) : (name, code)
  }

  /// What happened, by such a line from the name on.
  static func kind(_ line: ArraySlice<UInt8>) -> (kind: OopsKind, complaint: OopsComplaint?)? {
    guard let end = OopsScanner(line).offset(of: "[#"), let shape = shape(line.prefix(end)) else { return nil }
    var scanner = OopsScanner(shape.name)
    _ = scanner.take("Internal error: ")
    while scanner.take("Oops: ") {}
    let isOops = scanner.take("Oops - ")
    var name = scanner.rest
    // ppc64: `Kernel access of bad area, sig: 11`.
    while name.last == UInt8(ascii: ",") || name.last == UInt8(ascii: " ") { name = name.dropLast() }
    let text = String(decoding: name.prefix(60), as: UTF8.self)
    switch text {
    case "Oops", "Kernel access of bad area": return (.pageFault(address: nil), nil)
    case "BUG", "Kernel BUG", "Kernel bug detected", "Exception in kernel mode": return (.bug, nil)
    case "invalid opcode", "undefined instruction", "Undefined instruction", "illegal operation":
      return (.invalidOpcode, nil)
    case "double fault": return (.doubleFault, nil)
    case "kernel stack overflow": return (.stackGuardHit, nil)
    case "control protection", "CFI", "BTI": return (.exception(text), .controlFlow)
    case "Machine check": return (.exception(text), .machineCheck)
    case "": return isOops ? nil : (.pageFault(address: nil), nil)
    default:
      return text.hasPrefix("general protection fault")
        ? (.generalProtection(address: nil), nil) : (.exception(text), nil)
    }
  }
}

extension OopsException {
  /// The number behind `[#`, or nil if there is none.
  static func number(_ line: ArraySlice<UInt8>) -> UInt64? {
    var scanner = OopsScanner(line)
    return scanner.skip(past: "[#") ? scanner.decimal() : nil
  }
}
