package import KernelModel

/// A BPF program that is loaded.
///
/// Source: `struct bpf_prog` and `struct bpf_prog_aux` in include/linux/bpf.h, before v5.16 in include/linux/filter.h
/// (Linux v5.10 to v7.2).
package struct BpfProgram: Hashable, Sendable {
  /// What a program can do to others than itself, by what it calls or by what its answer is taken for.
  package enum Power: Int, CaseIterable, Hashable, Sendable, Comparable {
    case writeUserMemory
    case overrideReturn
    case modifyReturn
    case sendSignal

    package static func < (left: Self, right: Self) -> Bool { left.rawValue < right.rawValue }

    /// The kernel's functions that programs do it by: their helpers, include/uapi/linux/bpf.h, and
    /// `bpf_send_signal_task` of kernel/bpf/helpers.c (since v6.13).
    package var functions: [String] {
      switch self {
      case .writeUserMemory: ["bpf_probe_write_user"]
      case .overrideReturn: ["bpf_override_return"]
      case .modifyReturn: []
      case .sendSignal: ["bpf_send_signal", "bpf_send_signal_thread", "bpf_send_signal_task"]
      }
    }
  }

  /// Of its `struct bpf_prog`.
  package var address: UInt64
  /// The number that bpf(2) knows it by; 0 for a part of another program, and for one that is being freed.
  package var id: UInt32
  /// What its loader called it: at most 15 bytes.
  package var name: String
  /// As bpftool says it: `kprobe`, `cgroup_skb`.
  package var type: String
  /// As `enum bpf_attach_type` calls what it was loaded for: `trace_fentry`; nothing for types that have but one way.
  package var attachType: String
  /// The digest of its instructions as they were loaded: 8 bytes.
  package var tag: [UInt8]
  /// Whose it was who loaded it.
  package var user: UInt32
  /// Where the kernel goes to run it.
  package var entry: UInt64
  /// Its machine code; nil if it is interpreted.
  package var code: Range<UInt64>?
  package var powers: Set<Power>
  /// The functions that give it these: `bpf_probe_write_user`.
  package var powerfulCalls: Set<String>

  /// Instructions of one program at most: what fits into the memory that is read at once.
  ///
  /// The verifier looks at a million.
  private static let mostInstructions: UInt32 = 1 << 20

  /// - Parameter program: the kernel's `struct bpf_prog`.
  /// - Throws: if it cannot be read, or is none.
  package init(_ program: KernelObject, _ helpers: BpfHelpers) throws(CannotCheck) {
    guard let details = try program.target("aux", as: "bpf_prog_aux"), try details["prog"] == program.address else {
      throw .torn("a BPF program", "is none")
    }
    let types = program.snapshot.types
    address = program.address
    id = try details["id"]
    name = try details.text("name")
    let type: UInt32 = try program["type"]
    self.type = types.words(for: type, of: "bpf_prog_type", prefix: "BPF_PROG_TYPE_")
    let attachType: UInt32 = try program["expected_attach_type"]
    self.attachType =
      attachType == 0 ? "" : types.words(for: attachType, of: "bpf_attach_type", prefix: "BPF_")
    tag = try program.snapshot.bytes(at: program.address(of: "tag"), count: 8)
    user = try details.target("user", as: "user_struct").map { user throws(CannotCheck) in try user["uid.val"] } ?? 0
    entry = try program["bpf_func"]
    let start: UInt64 = try details["ksym.start"]
    let end: UInt64 = try details["ksym.end"]
    code = try program["jited"] as UInt8 != 0 && start < end ? start..<end : nil
    var calls = try helpers.calls(in: Self.instructions(of: program))
    if let table = try details.valueIfAny("kfunc_tab"), table != 0 {
      calls.formUnion(try helpers.calls(inTable: table, program.snapshot))
    }
    powerfulCalls = calls
    powers = Set(Power.allCases.filter { !calls.isDisjoint(with: $0.functions) })
    if try program["kprobe_override"] as UInt8 != 0 { powers.insert(.overrideReturn) }
    if types.constant(Int64(attachType), of: "bpf_attach_type") == "BPF_MODIFY_RETURN" { powers.insert(.modifyReturn) }
  }

  private static func instructions(of program: KernelObject) throws(CannotCheck) -> [UInt8] {
    let count: UInt32 = try program["len"]
    guard count <= mostInstructions else { throw .torn("a BPF program", "has \(count) instructions") }
    return try program.snapshot.bytes(
      at: program.address(of: "insnsi"), count: Int(count) * BpfHelpers.instructionByteCount)
  }
}

/// The functions by which programs can do something to others, where they lie in this kernel.
package struct BpfHelpers {
  /// Bytes of `struct bpf_insn`, include/uapi/linux/bpf.h.
  static let instructionByteCount = 8
  /// BPF_JMP | BPF_CALL.
  private static let call: UInt8 = 0x85
  private static let mostInTable: UInt32 = 256

  private let base: UInt64?
  /// By where they lie.
  private let names: [UInt64: String]

  package init(_ snapshot: Snapshot) throws(CannotCheck) {
    base = try snapshot.symbols.addressIfAny(of: "__bpf_call_base")
    var names: [UInt64: String] = [:]
    for name in BpfProgram.Power.allCases.flatMap(\.functions) {
      if let address = try snapshot.symbols.addressIfAny(of: name) { names[address] = name }
    }
    self.names = names
  }

  /// The helpers that give power, of those that are called.
  ///
  /// A call names a helper by where it lies, relative to `__bpf_call_base`: fixup_bpf_calls() in kernel/bpf/verifier.c
  /// (Linux v5.10), do_misc_fixups() (v6.1 to v7.2).
  func calls(in instructions: [UInt8]) -> Set<String> {
    guard let base else { return [] }
    var found: Set<String> = []
    instructions.withUnsafeBytes { raw in
      for place in stride(from: 0, to: raw.count - Self.instructionByteCount + 1, by: Self.instructionByteCount)
      where raw[place] == Self.call && raw[place + 1] >> 4 == 0 {
        let distance = Int64(raw.loadUnaligned(fromByteOffset: place + 4, as: Int32.self))
        if let name = names[base &+ UInt64(bitPattern: distance)] { found.insert(name) }
      }
    }
    return found
  }

  /// The kernel functions that give power, of those that are called.
  ///
  /// - Parameter table: a `struct bpf_kfunc_desc_tab`, kernel/bpf/verifier.c (since v5.13; `addr` since v6.3).
  func calls(inTable table: UInt64, _ snapshot: Snapshot) throws(CannotCheck) -> Set<String> {
    guard snapshot.types.offsetIfAny(of: "addr", in: "bpf_kfunc_desc") != nil else { return [] }
    let table = try snapshot.object("bpf_kfunc_desc_tab", at: table)
    let count: UInt32 = try table["nr_descs"]
    guard count <= Self.mostInTable else { throw .torn("the functions that a BPF program calls", "are \(count)") }
    var found: Set<String> = []
    for index in 0..<Int(count) {
      let address: UInt64 = try table.member("descs", index)["addr"]
      if let name = names[address] { found.insert(name) }
    }
    return found
  }
}

extension KernelTypes {
  /// A constant's name without what all of its enumeration begin with, in small letters, as bpftool says it.
  func words(for value: UInt32, of enumeration: String, prefix: String) -> String {
    guard let name = constant(Int64(value), of: enumeration), name.hasPrefix(prefix) else { return "\(value)" }
    return name.dropFirst(prefix.count).lowercased()
  }
}
