internal import KernelFormats
internal import KernelModel

/// The symbols of the vendor's kernel image that the mechanisms need, where they lie in the running kernel.
///
/// They come from the image and never from `/proc/kallsyms`: what decides over a byte must not be the suspect's word.
struct VendorSymbols: SymbolLookup {
  /// Live addresses by name; of a name that stands several times, the first; see ``SymbolTable/nameInSource(of:)``.
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
    let wanted = NameTable(
      Self.names + SymbolTable.moduleLoader + wantedVariables, besides: [Self.trampolinePrefix, Self.keyPrefix])
    var keys: [String: UInt64] = [:]
    var found: [(Int, UInt64)] = []
    var renamed: [(Int, UInt64)] = []
    var trampolines: [(String, UInt64)] = []
    var offsets = [UInt32](unsafeUninitializedCapacity: kallsyms.count) { offsets, offsetCount in
      kallsyms.forEach(whereName: wanted.mayHave) { span, type, link in
        let address = link &+ offset
        let distance = address &- base
        if Symbol.isText(type), distance <= UInt64(UInt32.max), offsetCount < offsets.count {
          offsets.initializeElement(at: offsetCount, to: UInt32(truncatingIfNeeded: distance))
          offsetCount += 1
        }
        guard !span.isEmpty else { return }
        span.withUnsafeBufferPointer { name in
          switch NameTable.head(of: name) {
          case Self.trampolinePrefix: trampolines.append((Self.string(name, from: 7), address))
          case Self.keyPrefix: keys[Self.string(name, from: 7)] = address
          default:
            if let index = wanted.index(of: name) { found.append((index, address)) }
            let length = span.lengthInSource
            if length < name.count, let index = wanted.index(of: .init(rebasing: name[..<length])) {
              renamed.append((index, address))
            }
          }
        }
      }
    }
    // The image has them in order already; sorting is for one that has not.
    if zip(offsets, offsets.dropFirst()).contains(where: { $0 > $1 }) { offsets.sort() }
    textOffsets = offsets
    let exact = Set(found.map(\.0))
    for (index, address) in found + renamed.filter({ !exact.contains($0.0) }) {
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

  /// By the functions of ``SymbolTable/lacksModuleLoader``: an image names all of its own.
  var isBuiltWithoutModules: Bool { SymbolTable.moduleLoader.allSatisfy { addresses[$0] == nil } }

  /// Whether a function of the kernel starts at exactly `address`.
  func isFunctionStart(_ address: UInt64) -> Bool {
    guard let wanted = UInt32(exactly: address &- base) else { return false }
    let index = textOffsets.partitionPoint { $0 >= wanted }
    return index < textOffsets.count && textOffsets[index] == wanted
  }

  /// The first function start at or after `address`, and nil after the last.
  func functionStart(atOrAfter address: UInt64) -> UInt64? {
    guard let wanted = UInt32(exactly: address &- base) else { return nil }
    let index = textOffsets.partitionPoint { $0 >= wanted }
    return index < textOffsets.count ? base &+ UInt64(textOffsets[index]) : nil
  }

  /// `__SCT__` and `__SCK__`, the first character in the lowest byte.
  private static let trampolinePrefix: UInt64 = 0x5f_5f54_4353_5f5f
  private static let keyPrefix: UInt64 = 0x5f_5f4b_4353_5f5f

  private static func string(_ name: UnsafeBufferPointer<UInt8>, from start: Int) -> String {
    String(decoding: UnsafeBufferPointer(rebasing: name[start...]), as: UTF8.self)
  }

  /// Every name that a mechanism asks for.
  private static let names = """
    system_certificate_list system_certificate_list_size
    builtin_trusted_keys secondary_trusted_keys platform_trusted_keys
    _text _etext _end __start_rodata __end_rodata __start_ro_after_init __end_ro_after_init
    __start___jump_table __stop___jump_table __start_static_call_sites __stop_static_call_sites
    __start_static_call_tramp_key __stop_static_call_tramp_key
    __start_mcount_loc __stop_mcount_loc
    __x86_indirect_thunk_array __x86_indirect_call_thunk_array __x86_indirect_jump_thunk_array
    __x86_indirect_its_thunk_array __x86_return_thunk x86_return_thunk its_return_thunk srso_return_thunk
    srso_alias_return_thunk retbleed_return_thunk call_depth_return_thunk entry_untrain_ret zen_untrain_ret
    cfi_seed fineibt_preamble_start fineibt_preamble_end fineibt_caller_start fineibt_caller_end
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
    klp_ftrace_handler call_direct_funcs fprobe_handler fprobe_kprobe_handler fprobe_table fgraph_array
    ftrace_graph_entry ftrace_graph_return pre_handler_kretprobe
    bpf_dispatcher_xdp bpf_dispatcher_xdp_func kprobe_table kprobes_all_disarmed aggr_pre_handler modules module_mark_ro_after_init
    sys_call_table ia32_sys_call_table x32_sys_call_table
    bpf_kallsyms pack_list bpf_jit_binary_alloc vmap_area_list vmap_nodes nr_vmap_nodes
    kprobe_insn_slots kprobe_optinsn_slots real_mode_header real_mode_blob real_mode_blob_end kexec_image kexec_crash_image vmemmap_base page_offset_base
    rodata_enabled hv_hypercall_pg bpf_jit_alloc_exec bpf_struct_ops_map_alloc
    module_kset mod_tree module_bug_list ddebug_tables tracepoint_module_list btf_modules ftrace_disabled
    tainted_mask last_unloaded_module unloaded_tainted_modules init_uts_ns
    _stext tp_vec tp_vec_nr bp_desc text_poke_array text_poke_array_refs __per_cpu_offset
    """.split(whereSeparator: \.isWhitespace).map(String.init)
}

/// A set of names, asked two hundred thousand times whether it has one.
private struct NameTable {
  let names: [String]
  private let bytes: [[UInt8]]
  private let heads: [UInt64]
  private var slots: [Int16]
  /// One bit for each hash value that a wanted name's head has.
  private var filter: [UInt64]

  private static let slotCount = 2048
  private static let filterBitCount = 1 << 14

  /// - Parameter others: heads of names that are wanted, too.
  init(_ names: [String], besides others: [UInt64]) {
    self.names = names
    bytes = names.map { Array($0.utf8) }
    heads = bytes.map { $0.withUnsafeBufferPointer(Self.head) }
    slots = [Int16](repeating: -1, count: Self.slotCount)
    filter = [UInt64](repeating: 0, count: Self.filterBitCount / 64)
    for index in names.indices.prefix(Self.slotCount / 2) {
      var slot = Self.slot(byteCount: bytes[index].count, head: heads[index])
      while slots[slot] >= 0 { slot = (slot + 1) & (Self.slotCount - 1) }
      slots[slot] = Int16(index)
    }
    // Of a short name, the mark behind it is part of the head: see `lengthInSource`.
    let renamed = names.filter { $0.utf8.count < 7 }.map { name in
      Array("\(name).llvm.".utf8).withUnsafeBufferPointer(Self.head)
    }
    for head in heads + others + renamed { filter[Self.bit(of: head) / 64] |= 1 << UInt64(Self.bit(of: head) % 64) }
  }

  /// Whether there may be a name with these first seven bytes.
  @inline(__always)
  func mayHave(head: UInt64) -> Bool {
    let bit = Self.bit(of: head)
    return filter[bit / 64] >> UInt64(bit % 64) & 1 != 0
  }

  @inline(__always)
  private static func bit(of head: UInt64) -> Int {
    Int(truncatingIfNeeded: (head &* 0x9e37_79b9_7f4a_7c15) >> 50)
  }

  func index(of name: UnsafeBufferPointer<UInt8>) -> Int? {
    let head = Self.head(of: name)
    var slot = Self.slot(byteCount: name.count, head: head)
    while slots[slot] >= 0 {
      let index = Int(slots[slot])
      if heads[index] == head, bytes[index].elementsEqual(name) { return index }
      slot = (slot + 1) & (Self.slotCount - 1)
    }
    return nil
  }

  /// The first seven bytes, the first in the lowest byte, 0 behind the name's end.
  static func head(of name: UnsafeBufferPointer<UInt8>) -> UInt64 {
    var head: UInt64 = 0
    for index in 0..<min(name.count, 7) { head |= UInt64(name[index]) << UInt64(index * 8) }
    return head
  }

  private static func slot(byteCount: Int, head: UInt64) -> Int {
    let mixed = (head ^ UInt64(byteCount)) &* 0x9e37_79b9_7f4a_7c15
    return Int(truncatingIfNeeded: mixed >> 53)
  }
}
