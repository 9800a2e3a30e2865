internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// What the kernel's own patching decides by: the image's symbols and types, and the live variables.
///
/// The kernel's text and every module's are verified with the same facts.
final class KernelFacts: KernelPatchFacts {
  let symbols: SymbolIndex
  let types: KernelTypes
  let live: LivePages
  /// Reads the kernel's structures by the same names, at the same moment.
  let reader: Snapshot
  /// Live addresses of the kernel's code, `_text` up to `_etext`.
  let text: Range<UInt64>
  let nops: Nops
  let features: CPUFeatures
  /// Where the kernel is just changing its code.
  let changing: CodeInChange
  /// Of static keys, and of static calls.
  let changingKey: KeyInChange
  let changingCall: KeyInChange
  /// Who the functions that text leads to belong to.
  let ownership: CodeOwnership
  /// Whether the kernel has only ever used one processor, so that `LOCK` prefixes were dropped.
  let droppedLocks: Bool
  /// The live `x86_return_thunk`, or nil on a kernel without return thunks.
  let returnThunk: UInt64?
  /// What call depth tracking puts before functions, or nil on a kernel without it.
  let callThunk: CallThunk?
  /// What FineIBT writes, or nil on a kernel without it.
  let fineIBT: FineIBT?
  /// Bytes of one entry of a table of alternatives: see ``PatchTables/alternativeByteCount``.
  let alternativeByteCount: Int
  /// The kernel's own static calls.
  let staticCalls: [StaticCallKeys.Trampoline]
  /// Decided once, by the kernel's own sites, and then demanded of every site: see ``PatchModes``.
  var modes = PatchModes()
  /// Features that are taken to have had their other value when text was patched: see ``FeatureDrift``.
  var reversedFeatures: Set<Int> = []

  init(
    of vendor: VendorKernel, live: LivePages, image: TextImage, ownership: CodeOwnership
  ) throws(CannotCheck) {
    symbols = vendor.symbols
    do throws(CannotCheck) {
      types = try vendor.types
    } catch {
      // What is found by content takes their place, and whoever needs more is told this; modules are no matter of the kernel's own code.
      let modules = (try? ownership.kernel.provenStructures.inferredModules) ?? []
      types = try InferredTypes(
        lacking: error, symbols: vendor.symbols, tables: vendor.tables, text: vendor.text, modules: modules, live
      ).types
    }
    self.live = live
    reader = Snapshot(symbols: symbols, types: types, live: live)
    changing = CodeInChange(reader)
    changingKey = KeyInChange(lock: "jump_label_mutex", ownership.kernel, reader)
    changingCall = KeyInChange(lock: "static_call_mutex", ownership.kernel, reader)
    text = vendor.text
    self.ownership = ownership
    alternativeByteCount = vendor.tables.alternativeByteCount
    staticCalls = vendor.trampolines
    nops = try Self.nops(symbols: symbols, reader: reader, image: image)
    callThunk = CallThunk(symbols: symbols, image: image)
    fineIBT = FineIBT(symbols: symbols, image: image)
    features = try CPUFeatures(reader)
    droppedLocks =
      try reader.value(UInt8.self, of: "uniproc_patched").map { $0 != 0 } ?? false
    returnThunk = try reader.value(UInt64.self, of: "x86_return_thunk")
  }

  var mitigations: [(label: String, words: String)] { modes.mitigations }

  /// The live value at `address`.
  func load<Value: FixedWidthInteger & BitwiseCopyable>(
    _ type: Value.Type, at address: UInt64
  ) throws(CannotCheck) -> Value {
    try reader.load(type, at: address)
  }

  /// How a structure or union is laid out, or nil if there is none.
  func structure(_ name: String) -> BTF.Structure? { types.structure(name) }

  /// The offset of a member, in bytes.
  func offset(of member: String, in structure: String) throws(CannotCheck) -> UInt64 {
    try types.offset(of: member, in: structure)
  }

  private static func nops(
    symbols: SymbolIndex, reader: Snapshot, image: TextImage
  ) throws(CannotCheck) -> Nops {
    func pointers(at table: UInt64) -> [UInt64] {
      guard let raw = image.pointer(at: table, count: 13 * 8) else { return [] }
      return (0..<13).map { raw.value(UInt64.self, at: $0 * 8) }
    }
    func bytes(at address: UInt64, count: Int) -> [UInt8] {
      image.pointer(at: address, count: count).map {
        Array(UnsafeRawBufferPointer(start: $0, count: count))
      } ?? []
    }
    /// Lengths 1, 2, 3… as far as each begins where the one before ends.
    func chain(_ pointers: [UInt64], atMost limit: Int) -> [[UInt8]] {
      var found: [[UInt8]] = [[]]
      for length in 1...limit where pointers.count > length {
        if length > 1, pointers[length] != pointers[length - 1] &+ UInt64(length - 1) { break }
        let nop = bytes(at: pointers[length], count: length)
        guard nop.count == length else { break }
        found.append(nop)
      }
      return found
    }
    if let table = symbols["x86_nops"] {
      let byLength = chain(pointers(at: table), atMost: 11)
      guard byLength.count > 8 else { throw .implausible("x86_nops", "is no table of instructions") }
      return Nops(byLength: byLength, atomic5: byLength[5], isChosenAtBoot: false)
    }
    guard let chosen = try symbols.addressIfAny(of: "ideal_nops") else {
      throw .symbolMissing("x86_nops and ideal_nops")
    }
    let table = try reader.load(UInt64.self, at: chosen)
    guard table == symbols["p6_nops"] || table == symbols["k8_nops"] else {
      throw .implausible("ideal_nops", "points to neither p6_nops nor k8_nops")
    }
    let all = pointers(at: table)
    let byLength = chain(all, atMost: 8)
    let atomic5 = all.count > 9 ? bytes(at: all[9], count: 5) : []
    guard byLength.count == 9, atomic5.count == 5 else {
      throw .implausible("ideal_nops", "is no table of instructions")
    }
    return Nops(byLength: byLength, atomic5: atomic5, isChosenAtBoot: true)
  }
}

/// The processor features that the kernel patched by: `boot_cpu_data.x86_capability`.
struct CPUFeatures {
  private let words: [UInt32]

  init(_ reader: Snapshot) throws(CannotCheck) {
    let data = try reader.symbols.address(of: "boot_cpu_data")
    let member = try reader.types.member("x86_capability", of: "cpuinfo_x86")
    guard member.byteCount <= 256 else {
      throw .implausible("cpuinfo_x86.x86_capability", "is \(member.byteCount) bytes long")
    }
    let bytes = try reader.bytes(at: data &+ UInt64(member.byteOffset), count: member.byteCount)
    let span = bytes.span
    words = stride(from: 0, to: bytes.count, by: 4).compactMap { span.integer(UInt32.self, at: $0) }
  }

  /// Whether the feature or bug of this number is set; nil if there is no such number.
  subscript(number: Int) -> Bool? {
    number >= 0 && number / 32 < words.count ? words[number / 32] >> UInt32(number % 32) & 1 == 1 : nil
  }
}

/// Choices that the kernel makes once and follows at every site.
struct PatchModes {
  enum Retpoline: Hashable {
    /// The calls of thunks stay.
    case keep
    /// The branch itself; `lfence` before it if asked for; a thunk instead where its last byte would lie in the lower
    /// half of a cache line, if the processor has the ITS bug.
    case indirect(lfence: Bool, avoidsLowerHalf: Bool, padding: Padding)
    /// Call depth tracking: other thunks.
    case callDepth

    /// For a baseline.
    var words: String {
      switch self {
      case .keep: "through thunks"
      case .indirect(let lfence, _, _): lfence ? "plain, behind lfence" : "plain"
      case .callDepth: "through thunks that track the depth of calls"
      }
    }
  }

  /// How the rest of a site is filled.
  enum Padding: Hashable {
    /// Instructions that do nothing (v5.10 before the ITS mitigation).
    case nops
    /// A breakpoint after a jump, then instructions that do nothing.
    case breakpointThenNops
    /// Prefixes before a call, breakpoints after a jump (v6.17).
    case prefixesOrBreakpoints
  }

  /// Checks of indirect calls.
  enum Cfi: Hashable {
    /// Those of ``Form``; hashes were changed by a number of this boot, unless that is 0.
    case known(Form, seed: UInt32)
    /// The kernel has places for them, and what it made of these follows no way that is known.
    case unknown
    /// The kernel has none that it changes.
    case none

    enum Form: Hashable, CaseIterable {
      case kCFI, off, fineIBT

      var words: String {
        switch self {
        case .kCFI: "kCFI has it"
        case .off: "it is with CFI switched off"
        case .fineIBT: "FineIBT has it"
        }
      }
    }
  }

  var retpoline = Retpoline.keep
  var cfi = Cfi.none
  /// Whether returns go through the live `x86_return_thunk`.
  var usesReturnThunk = false
  /// What a sealed `ENDBR64` becomes, or nil if this kernel does not seal.
  var sealedEndbr: [UInt8]?
  /// Whether calls chosen as alternatives are led to call depth thunks too (up to v6.14).
  var tracksAlternativeCalls = false

  var tracksCallDepth: Bool { retpoline == .callDepth }

  var mitigations: [(label: String, words: String)] {
    [("indirect branches", retpoline.words), ("returns", usesReturnThunk ? "through a thunk" : "plain")]
  }
}
