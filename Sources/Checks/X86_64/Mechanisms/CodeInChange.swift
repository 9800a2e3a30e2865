internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// The places of code that the kernel is changing at this very moment, by its own list of them.
///
/// A kernel that was stopped for good, or for a picture of its memory, may have been in the middle: the records that decide
/// over a place are changed before its bytes are, and a breakpoint stands there meanwhile. The list only says where that may
/// be so. What may be there is said by whoever knows the place: see ``allowBreakpoints(in:_:)`` and ``contains(_:)``.
///
/// Source: text_poke_queue(), text_poke_bp_batch() and poke_int3_handler() in arch/x86/kernel/alternative.c (Linux v5.10 to
/// v6.12), smp_text_poke_batch_add(), smp_text_poke_batch_finish() and smp_text_poke_int3_handler() there (v7.2);
/// ftrace_replace_code() in arch/x86/kernel/ftrace.c updates the records first (v5.10 to v7.2).
struct CodeInChange {
  /// What is to be written at one place.
  struct Change {
    var bytes: [UInt8]
    /// Whether the kernel takes a breakpoint there for what is to be written, and does that instead.
    var replacesBreakpoint: Bool
  }

  private var changes: [UInt64: Change] = [:]

  /// More than TP_VEC_MAX and TEXT_POKE_ARRAY_MAX, which are what a page holds.
  private static let most: Int32 = 512

  init(_ reader: Snapshot) {
    do throws(CannotCheck) {
      guard let layout = try Layout(reader) else { return }
      if let list = reader.symbols["tp_vec"], let count = try reader.value(Int32.self, of: "tp_vec_nr") {
        try read(list, count, replacesBreakpoints: false, layout, reader)
      }
      if let (list, count) = try Self.current(reader) {
        try read(list, count, replacesBreakpoints: true, layout, reader)
      }
      if let array = reader.symbols["text_poke_array"], reader.types.structure("smp_text_poke_array") != nil {
        let array = try reader.object("smp_text_poke_array", at: array)
        let count: Int32 = try array["nr_entries"]
        let list = try array.address(of: "vec")
        try read(list, count, replacesBreakpoints: count > 0 && Self.isInUse(reader), layout, reader)
      }
    } catch {
      changes = [:]  // nothing is excused by what cannot be read
    }
  }

  /// Whether the place at `address` is one of them: it is as it was, or as it will be.
  func contains(_ address: UInt64) -> Bool { !changes.isEmpty && changes[address] != nil }

  /// What the kernel does where it comes upon a breakpoint at `address`; nil if that is no business of these changes.
  func replacement(at address: UInt64) -> [UInt8]? {
    guard !changes.isEmpty, let change = changes[address], change.replacesBreakpoint else { return nil }
    return change.bytes
  }

  /// Allows the breakpoint wherever the kernel does in its place what is legal there.
  ///
  /// What follows a breakpoint does not run.
  func allowBreakpoints(in recreation: Recreation, _ live: LivePages) {
    for (address, change) in changes where change.replacesBreakpoint {
      let count = change.bytes.count
      guard let site = recreation.image.pointer(at: address, count: count),
        let memory = live.bytes(at: address, count: count), memory[0] == 0xcc
      else { continue }
      var forms = [Array(UnsafeRawBufferPointer(start: site, count: count))]
      if case .bytes(let others) = recreation.choices[address] { forms += others }
      if forms.contains(change.bytes) { recreation.allow(.bytes(forms + [memory]), at: address) }
    }
  }

  // MARK: The kernel's list

  /// How one entry is laid out: `struct text_poke_loc`, `smp_text_poke_loc` since v6.16.
  private struct Layout {
    let start: UInt64
    let stride: UInt64
    let place: UInt64
    let distance: UInt64
    let opcode: UInt64
    let bytes: UInt64
    /// Only since v5.17: before that the opcode tells.
    let byteCount: UInt64?

    /// - Returns: nil if this kernel has no such list.
    init?(_ reader: Snapshot) throws(CannotCheck) {
      let types = reader.types
      guard let start = reader.symbols["_stext"],
        let name = ["text_poke_loc", "smp_text_poke_loc"].first(where: { types.structure($0) != nil }),
        let stride = types.structure(name)?.byteCount,
        let distance = types.offsetIfAny(of: "disp", in: name) ?? types.offsetIfAny(of: "rel32", in: name)
      else { return nil }
      self.start = start
      self.stride = UInt64(stride)
      self.distance = distance
      place = try types.offset(of: "rel_addr", in: name)
      opcode = try types.offset(of: "opcode", in: name)
      bytes = try types.offset(of: "text", in: name)
      byteCount = types.offsetIfAny(of: "len", in: name)
    }
  }

  private mutating func read(
    _ list: UInt64, _ count: Int32, replacesBreakpoints: Bool, _ layout: Layout, _ reader: Snapshot
  ) throws(CannotCheck) {
    guard count >= 0, count <= Self.most else { return }
    for index in 0..<UInt64(count) {
      let entry = list &+ index &* layout.stride
      let place = try reader.load(Int32.self, at: entry &+ layout.place)
      let opcode = try reader.load(UInt8.self, at: entry &+ layout.opcode)
      let distance = try reader.load(Int32.self, at: entry &+ layout.distance)
      var byteCount = opcode == 0xeb ? 2 : 5
      if let place = layout.byteCount { byteCount = Int(try reader.load(UInt8.self, at: entry &+ place)) }
      guard byteCount == 2 || byteCount == 5, let bytes = reader.live.bytes(at: entry &+ layout.bytes, count: byteCount)
      else { continue }
      changes[layout.start &+ UInt64(bitPattern: Int64(place))] = Change(
        bytes: bytes, replacesBreakpoint: replacesBreakpoints && Self.does(bytes, opcode, distance))
    }
  }

  /// Whether a breakpoint is taken for the very instruction that is to be written: a branch, or one that does nothing, for
  /// which the kernel has a jump to what follows.
  private static func does(_ bytes: [UInt8], _ opcode: UInt8, _ distance: Int32) -> Bool {
    var branch = PatchBytes()
    branch.append(opcode)
    if bytes.count == 2 {
      branch.append(UInt8(truncatingIfNeeded: distance))
    } else {
      branch.append(word: UInt32(bitPattern: distance))
    }
    switch bytes[0] {
    case 0xe8, 0xe9, 0xeb: return branch.array == bytes
    case 0xc3: return opcode == 0xc3
    default: return distance == 0 && opcode == (bytes.count == 2 ? 0xeb : 0xe9)
    }
  }

  /// The list that breakpoints are looked up in: `bp_desc`, a structure that is in use or, before v6.1 and what took over its
  /// change (b7bc1c9e56ad), a pointer to one.
  private static func current(_ reader: Snapshot) throws(CannotCheck) -> (UInt64, Int32)? {
    guard let variable = reader.symbols["bp_desc"] else { return nil }
    let first = try reader.load(UInt64.self, at: variable)
    for structure in [first, variable] where KernelAddress(structure).isInKernelHalf {
      guard let list = reader.live.value(UInt64.self, at: structure), KernelAddress(list).isInKernelHalf else {
        continue
      }
      let changes = try reader.object("bp_patching_desc", at: structure)
      let count: Int32 = try changes["nr_entries"]
      let users: Int32 = try changes["refs"]
      if (1...most).contains(count), (1...0xffff).contains(users) { return (list, count) }
    }
    return nil
  }

  /// Whether breakpoints are looked up in `text_poke_array`: each processor counts.
  private static func isInUse(_ reader: Snapshot) -> Bool {
    guard let count = reader.symbols["text_poke_array_refs"], let table = reader.symbols["__per_cpu_offset"],
      let first = reader.live.value(UInt64.self, at: table)
    else { return false }
    return (1...0xffff).contains(reader.live.value(Int32.self, at: count &+ first) ?? 0)
  }
}
