import KernelFormats
import KernelModel

/// Changes to a kernel's code, from outside.
///
/// The emulator may go on running what it translated before a change. So every change must do no harm whether or not it
/// is executed: it is made where nobody comes by, or it leads back.
extension Tampering {
  /// A function that is in every kernel, and that nobody calls in a guest at rest: it reboots into another kernel.
  package static let quietFunction = "kernel_kexec"

  /// A function's bytes, up to the next symbol.
  package struct Function: Sendable {
    package let name: String
    package let address: UInt64
    package let bytes: [UInt8]
  }

  package func function(_ name: String) throws(LabError) -> Function {
    let address = try system.symbol(name)
    // kallsyms lists the kernel's own symbols by address (scripts/kallsyms.c).
    let next = try system.kallsyms(
      awk: "$3 == \"\(name)\" { start = $1; next } start && $1 != start { print $1; exit }")
    guard let end = UInt64(next, radix: 16), end > address, end - address < 1 << 16 else {
      throw LabError("\(system.kernel): the end of \(name) is not known: \(next)")
    }
    return Function(name: name, address: address, bytes: try read(at: address, count: Int(end - address)))
  }

  /// Lets a direct branch of `function` to `target` lead elsewhere.
  ///
  /// - Returns: the address of the branch, or nil if there is none.
  package func redirectBranch(
    in function: Function, from target: UInt64, to destination: UInt64
  ) throws(LabError) -> UInt64? {
    for found in try Self.decode(function.bytes, at: function.address, limit: function.bytes.count)
    where found.instruction.branchTarget?.rawValue == target && found.instruction.bytes.count >= 5 {
      // In a branch this long the displacement is the last four bytes.
      let address = found.instruction.address.rawValue
      let end = address + UInt64(found.instruction.bytes.count)
      try patch(Self.displacement(from: end, to: destination), at: end - 4)
      return address
    }
    return nil
  }

  /// Turns one byte into another.
  package func flipByte(at address: UInt64) throws(LabError) {
    try patch([try read(at: address, count: 1)[0] ^ 0x41], at: address)
  }

  /// Has `count` functions save another register than %rbp, all in the same way: handlers of 32-bit programs, of which a guest has
  /// none.
  package func changeAlike(_ count: Int) throws(LabError) {
    let list = try system.kallsyms(awk: "$3 ~ /^__ia32_(compat_)?sys_/ && !seen[$1]++ { print $1 }")
    var left = count
    for line in list.split(separator: "\n") where left > 0 {
      guard let address = UInt64(line, radix: 16), address & 0xfff < 0xfe0 else { continue }
      let start = try Self.decode(read(at: address, count: 32), at: address, limit: 4)
      guard let push = start.first(where: { $0.instruction.bytes == [0x55] }) else { continue }
      try patch([0x53], at: push.instruction.address.rawValue)
      left -= 1
    }
    guard left == 0 else { throw LabError("\(system.kernel): \(left) functions fewer than asked for save %rbp") }
  }

  /// How a function's beginning is replaced by a jump.
  package enum Detour: Sendable {
    /// `jmp rel32`
    case relative
    /// `mov rax, imm64; jmp rax`
    case absolute
  }

  /// Replaces a function's first bytes by a jump to `code`, where the displaced instructions and the way back are put:
  /// whoever calls the function does not notice.
  package func detour(_ name: String, through code: UInt64, by detour: Detour) throws(LabError) {
    let address = try system.symbol(name)
    let jump: [UInt8] =
      switch detour {
      case .relative: [0xe9] + Self.displacement(from: address + 5, to: code)
      case .absolute: [0x48, 0xb8] + Self.littleEndian(code) + [0xff, 0xe0]
      }
    let head = try read(at: address, count: 64)
    var displaced: [UInt8] = []
    for found in try Self.decode(head, at: address, limit: 16) where displaced.count < jump.count {
      guard !found.isCall, !found.isJump, !found.isReturn, found.memory?.isInstructionRelative != true else {
        throw LabError(
          "\(system.kernel): \(name) begins with what cannot be moved: \(found.instruction.mnemonic)")
      }
      displaced += found.instruction.bytes
    }
    guard displaced.count >= jump.count else { throw LabError("\(system.kernel): \(name) cannot be decoded") }
    let back = code + UInt64(displaced.count) + 5
    try patch(
      displaced + [0xe9] + Self.displacement(from: back, to: address + UInt64(displaced.count)), at: code)
    try patch(jump, at: address)
  }

  /// Puts a call to `target` where the tracer's call would be, at the entry of a function that is not traced.
  package func callFromEntry(of function: Function, to target: UInt64) throws(LabError) {
    // After endbr64 or what it was sealed with, or at once.
    guard let offset = [0, 4].first(where: { Self.isNop(function.bytes[$0..<$0 + 5]) }) else {
      throw LabError("\(system.kernel): \(function.name) has no place for the tracer's call, or is traced")
    }
    let address = function.address + UInt64(offset)
    try patch([0xe8] + Self.displacement(from: address + 5, to: target), at: address)
  }

  /// Lets a static call that nobody makes lead to `target`, consistently: its key, and each of its sites.
  ///
  /// - Returns: the call's name and the number of its sites.
  package func redirectStaticCall(to target: UInt64) throws(LabError) -> (name: String, sites: Int) {
    // For counters of the processor, which software emulation has not (arch/x86/events/core.c, v5.10 and later).
    let names = ["drain_pebs", "pebs_aliases", "swap_task_ctx", "enable"].map { "x86_pmu_\($0)" }
    let start = try system.symbol("__start_static_call_sites")
    let count = Int(try system.symbol("__stop_static_call_sites") - start) / 8
    let table = try read(at: start, count: count * 8)
    // struct static_call_site: two offsets from themselves; in the key's, bit 0 says tail call, bit 1 says init code
    // (include/linux/static_call_types.h, v5.10 and later).
    let sites = (0..<count).map { index in
      (
        site: Self.relative(table, index * 8, start), key: Self.relative(table, index * 8 + 4, start) & ~3,
        flags: table[index * 8 + 4] & 3
      )
    }
    for name in names {
      guard let key = try system.symbols(["__SCK__\(name)"])["__SCK__\(name)"] else { continue }
      let own = sites.filter { $0.key == key && $0.flags == 0 }
      guard !own.isEmpty, sites.filter({ $0.key == key }).count == own.count else { continue }
      try patch(Self.littleEndian(target), at: key)
      for site in own { try patch([0xe8] + Self.displacement(from: site.site + 5, to: target), at: site.site) }
      return (name, own.count)
    }
    throw LabError("\(system.kernel) has no static call that could be redirected: \(names.joined(separator: ", "))")
  }

  /// Turns a jump label in a function that nobody calls into the jump that its key does not ask for.
  ///
  /// - Returns: the function.
  package func flipJumpLabel() throws(LabError) -> String {
    let start = try system.symbol("__start___jump_table")
    let count = Int(try system.symbol("__stop___jump_table") - start) / 16
    let table = try read(at: start, count: count * 16)
    for name in ["dpm_suspend", "suspend_devices_and_enter", "hibernation_snapshot", "dpm_resume"] {
      let function = try function(name)
      for index in 0..<count {
        // struct jump_entry: code and target as offsets from themselves (include/linux/jump_label.h, v5.10 and later).
        let code = Self.relative(table, index * 16, start)
        let target = Self.relative(table, index * 16 + 4, start)
        guard code >= function.address, code - function.address < UInt64(function.bytes.count) else { continue }
        let old = function.bytes[Int(code - function.address)...].prefix(5)
        if Self.isNop(old) {
          try patch([0xe9] + Self.displacement(from: code + 5, to: target), at: code)
        } else if old.starts(with: [0x66, 0x90]) {
          try patch([0xeb, UInt8(truncatingIfNeeded: target &- (code + 2))], at: code)
        } else {
          continue
        }
        return name
      }
    }
    throw LabError("\(system.kernel): no jump label was found in a function that nobody calls")
  }

  /// Whether these are the five bytes of a NOP that the kernel writes to be patched later: `nopl 0(%rax,%rax)`, or for
  /// some processors up to v5.17 `66 66 66 66 90` (arch/x86/include/asm/nops.h, v5.10).
  private static func isNop(_ bytes: ArraySlice<UInt8>) -> Bool {
    bytes.elementsEqual([0x0f, 0x1f, 0x44, 0x00, 0x00]) || bytes.elementsEqual([0x66, 0x66, 0x66, 0x66, 0x90])
  }

  private static func decode(
    _ bytes: [UInt8], at address: UInt64, limit: Int
  ) throws(LabError) -> [MachineInstruction] {
    do {
      return try Machine.Disassembler().decode(bytes.span, at: KernelAddress(address), limit: limit)
    } catch {
      throw LabError("\(error)")
    }
  }

  private static func displacement(from end: UInt64, to target: UInt64) -> [UInt8] {
    Array(littleEndian(target &- end).prefix(4))
  }

  private static func littleEndian(_ value: UInt64) -> [UInt8] {
    withUnsafeBytes(of: value.littleEndian) { Array($0) }
  }

  /// The address that four bytes of a table give as an offset from themselves.
  private static func relative(_ table: [UInt8], _ offset: Int, _ start: UInt64) -> UInt64 {
    let value = table[offset..<offset + 4].reversed().reduce(UInt32(0)) { $0 << 8 | UInt32($1) }
    return start &+ UInt64(offset) &+ UInt64(bitPattern: Int64(Int32(bitPattern: value)))
  }
}
