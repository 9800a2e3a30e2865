internal import KernelFormats
internal import KernelModel

/// The symbols of the vendor's kernel image that the mechanisms need, where they lie in the running kernel.
///
/// They come from the image and never from `/proc/kallsyms`: what decides over a byte must not be the suspect's word.
struct VendorSymbols {
  /// Live addresses by name; of a name that stands several times, the first.
  private var addresses: [String: UInt64] = [:]
  /// Names that stand at several addresses.
  private var ambiguous: Set<String> = []
  /// Offsets from ``base`` of all code symbols, ascending: function starts.
  private var textOffsets: [UInt32] = []
  private let base: UInt64
  /// Static call trampolines (`__SCT__x`) and the keys (`__SCK__x`) of the same name.
  private(set) var trampolines: [StaticCallKeys.Trampoline] = []

  /// - Parameters:
  ///   - base: the live address of `_text`.
  ///   - offset: how far the kernel was moved.
  ///   - variables: names of variables to look up besides.
  init(_ kallsyms: ImageKallsyms, base: UInt64, offset: UInt64, variables wantedVariables: [String]) {
    self.base = base
    let wanted = NameTable(Self.names + wantedVariables)
    let trampolinePrefix = Array("__SCT__".utf8)
    let keyPrefix = Array("__SCK__".utf8)
    var keys: [String: UInt64] = [:]
    var offsets: [UInt32] = []
    offsets.reserveCapacity(kallsyms.count)
    var found: [(Int, UInt64)] = []
    var trampolines: [(String, UInt64)] = []
    kallsyms.forEach { span, type, link in
      span.withUnsafeBufferPointer { name in
        let address = link &+ offset
        if Symbol.isText(type), let place = UInt32(exactly: address &- base) { offsets.append(place) }
        if name.count > 7, name[0] == 0x5f, name[1] == 0x5f, name[2] == 0x53, name[3] == 0x43 {
          if Self.starts(name, with: trampolinePrefix) {
            trampolines.append((Self.string(name, from: 7), address))
          } else if Self.starts(name, with: keyPrefix) {
            keys[Self.string(name, from: 7)] = address
          }
        }
        if let index = wanted.index(of: name) { found.append((index, address)) }
      }
    }
    offsets.sort()
    textOffsets = offsets
    for (index, address) in found {
      let name = wanted.names[index]
      if let known = addresses[name], known != address { ambiguous.insert(name) }
      if addresses[name] == nil { addresses[name] = address }
    }
    self.trampolines = trampolines.compactMap { name, address in
      keys[name].map { StaticCallKeys.Trampoline(name: name, address: address, key: $0) }
    }
  }

  /// The live address of the kernel's own `name`, or nil if the image has none or several.
  subscript(name: String) -> UInt64? {
    ambiguous.contains(name) ? nil : addresses[name]
  }

  /// Whether a function of the kernel starts at exactly `address`.
  func isFunctionStart(_ address: UInt64) -> Bool {
    guard let wanted = UInt32(exactly: address &- base) else { return false }
    let index = lowerBound(wanted)
    return index < textOffsets.count && textOffsets[index] == wanted
  }

  /// The first function start at or after `address`, and nil after the last.
  func functionStart(atOrAfter address: UInt64) -> UInt64? {
    guard let wanted = UInt32(exactly: address &- base) else { return nil }
    let index = lowerBound(wanted)
    return index < textOffsets.count ? base &+ UInt64(textOffsets[index]) : nil
  }

  private func lowerBound(_ wanted: UInt32) -> Int {
    var low = 0
    var high = textOffsets.count
    while low < high {
      let middle = (low + high) / 2
      if textOffsets[middle] < wanted { low = middle + 1 } else { high = middle }
    }
    return low
  }

  private static func starts(_ name: UnsafeBufferPointer<UInt8>, with prefix: [UInt8]) -> Bool {
    for index in prefix.indices where name[index] != prefix[index] { return false }
    return true
  }

  private static func string(_ name: UnsafeBufferPointer<UInt8>, from start: Int) -> String {
    String(decoding: UnsafeBufferPointer(rebasing: name[start...]), as: UTF8.self)
  }

  /// Every name that a mechanism asks for.
  private static let names = """
    _text _etext _end __start_rodata __end_rodata __start_ro_after_init __end_ro_after_init
    __start___jump_table __stop___jump_table __start_static_call_sites __stop_static_call_sites
    __start_static_call_tramp_key __stop_static_call_tramp_key
    __start_mcount_loc __stop_mcount_loc
    __x86_indirect_thunk_array __x86_indirect_call_thunk_array __x86_indirect_jump_thunk_array
    __x86_indirect_its_thunk_array __x86_return_thunk x86_return_thunk its_return_thunk srso_return_thunk
    srso_alias_return_thunk retbleed_return_thunk call_depth_return_thunk entry_untrain_ret zen_untrain_ret
    skl_call_thunk_template skl_call_thunk_tail __static_call_return0 __static_call_return __WARN_trap
    error_entry paranoid_entry xen_error_entry __switch_to_asm ret_from_fork ret_from_fork_asm soft_restart_cpu
    __fentry__ relocate_kernel __relocate_kernel_start __relocate_kernel_end
    x86_nops ideal_nops p6_nops k8_nops
    boot_cpu_data uniproc_patched pv_ops native_patch paravirt_BUG _paravirt_nop _paravirt_ident_64 BUG_func nop_func
    __raw_callee_save___native_queued_spin_unlock __raw_callee_save___native_vcpu_is_preempted
    ftrace_pages_start ftrace_ops_list ftrace_list_end ftrace_ops_trampoline_list direct_functions ftrace_stub
    ftrace_call ftrace_regs_call ftrace_graph_call ftrace_graph_caller ftrace_caller ftrace_regs_caller
    ftrace_caller_end ftrace_regs_caller_end ftrace_epilogue ftrace_caller_op_ptr ftrace_regs_caller_op_ptr
    ftrace_regs_caller_jmp ftrace_ops_list_func arch_ftrace_ops_list_func ftrace_ops_assist_func ftrace_ops_no_ops
    ftrace_regs_caller_ret ftrace_trace_function global_ops
    bpf_dispatcher_xdp bpf_dispatcher_xdp_func kprobe_table kprobes_all_disarmed aggr_pre_handler modules module_mark_ro_after_init
    sys_call_table ia32_sys_call_table x32_sys_call_table
    """.split(whereSeparator: \.isWhitespace).map(String.init)
}

/// A set of names, asked two hundred thousand times whether it has one.
private struct NameTable {
  let names: [String]
  private let bytes: [[UInt8]]
  private var slots: [Int16]
  private let mask: Int

  init(_ names: [String]) {
    self.names = names
    bytes = names.map { Array($0.utf8) }
    let slotCount = 2048
    mask = slotCount - 1
    slots = [Int16](repeating: -1, count: slotCount)
    for (index, name) in bytes.enumerated().prefix(slotCount / 2) {
      var slot = name.withUnsafeBufferPointer { Self.hash($0) } & mask
      while slots[slot] >= 0 { slot = (slot + 1) & mask }
      slots[slot] = Int16(index)
    }
  }

  func index(of name: UnsafeBufferPointer<UInt8>) -> Int? {
    var slot = Self.hash(name) & mask
    while slots[slot] >= 0 {
      let candidate = bytes[Int(slots[slot])]
      if candidate.count == name.count, candidate.elementsEqual(name) { return Int(slots[slot]) }
      slot = (slot + 1) & mask
    }
    return nil
  }

  /// Length, first, middle and last bytes: enough to tell most names from the hundred wanted ones.
  private static func hash(_ name: UnsafeBufferPointer<UInt8>) -> Int {
    guard let last = name.last else { return 0 }
    let middle = name[name.count / 2]
    let early = name[min(3, name.count - 1)]
    return (name.count &* 31 &+ Int(last)) &* 131 &+ Int(middle) &* 257 &+ Int(early) &* 17 &+ Int(name[0])
  }
}
