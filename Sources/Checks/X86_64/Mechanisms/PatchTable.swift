internal import KernelFormats
internal import KernelModel

/// A table of places to patch, as the vendor's file has it: its bytes, and where it lies or lay in the running kernel.
struct PatchTable {
  let bytes: UnsafeRawBufferPointer
  /// The live address of the first byte: most entries are distances from themselves.
  let address: UInt64

  static var empty: PatchTable { PatchTable(bytes: UnsafeRawBufferPointer(start: nil, count: 0), address: 0) }

  /// How many whole entries of `byteCount` bytes there are.
  func entryCount(of byteCount: Int) -> Int { bytes.count / byteCount }

  /// The address that the 4 bytes at `offset` are the distance to, counted from themselves.
  @inline(__always)
  func target(at offset: Int) -> UInt64 {
    address &+ UInt64(offset) &+ UInt64(bitPattern: Int64(bytes.value(Int32.self, at: offset)))
  }

  /// The address that the 8 bytes at `offset` are the distance to, counted from themselves.
  @inline(__always)
  func wideTarget(at offset: Int) -> UInt64 {
    address &+ UInt64(offset) &+ bytes.value(UInt64.self, at: offset)
  }

  /// Calls `body` with each address of a table of 4-byte distances.
  @inline(__always)
  func forEachTarget(_ body: (UInt64) -> Void) {
    for index in 0..<entryCount(of: 4) { body(target(at: index * 4)) }
  }

  /// Up to `count` addresses of a table of 4-byte distances, spread over it, that `isWanted`.
  func sample(_ count: Int, where isWanted: (UInt64) -> Bool) -> [UInt64] {
    let entries = entryCount(of: 4)
    guard entries > 0 else { return [] }
    let step = max(entries / (count * 2), 1)
    var found: [UInt64] = []
    var index = 0
    while index < entries, found.count < count {
      let address = target(at: index * 4)
      if isWanted(address) { found.append(address) }
      index += step
    }
    return found
  }
}

/// The tables of one object: the kernel, or a module.
///
/// Sections by the names that arch/x86/kernel/vmlinux.lds.S and module.c use (Linux v5.10 to v7.2).
struct PatchTables {
  var paravirt = PatchTable.empty
  var retpolines = PatchTable.empty
  var returns = PatchTable.empty
  var calls = PatchTable.empty
  /// Where ``calls`` are tracked; nil is everywhere.
  ///
  /// The kernel leaves those in replacements of its alternatives alone.
  var callRange: Range<UInt64>?
  var alternatives = PatchTable.empty
  /// Bytes of one entry of ``alternatives``: 12, or 14 since Linux kernel commit 5d1dd961e743 ("x86/alternatives: Add
  /// alt_instr.flags") (in v6.3).
  var alternativeByteCount = 12
  var endbrSeals = PatchTable.empty
  /// What lies before functions that may be called indirectly: `__cfi_NAME`.
  var cfi = PatchTable.empty
  var smpLocks = PatchTable.empty
  /// Where ``smpLocks`` are dropped; nil is everywhere.
  var lockRange: Range<UInt64>?
  var jumpLabels = PatchTable.empty
  var staticCalls = PatchTable.empty
  /// Absolute addresses, 8 bytes each, not yet moved.
  var functionEntries = PatchTable.empty
  /// Sections `runtime_ptr_X` and `runtime_shift_X`, with X.
  var runtimePointers: [(variable: String, table: PatchTable)] = []
  var runtimeShifts: [(variable: String, table: PatchTable)] = []

  /// Works out the size of an alternative's entry: the one by which every entry speaks of features that there are and
  /// of sites as long as their replacements.
  mutating func measureAlternatives() {
    alternativeByteCount = [14, 12].first { isPlausible(alternativeByteCount: $0) } ?? 12
  }

  private func isPlausible(alternativeByteCount size: Int) -> Bool {
    guard !alternatives.bytes.isEmpty, alternatives.bytes.count.isMultiple(of: size) else { return false }
    for index in 0..<min(alternatives.entryCount(of: size), 64) {
      let offset = index * size
      let feature = alternatives.bytes.value(UInt16.self, at: offset + 8)
      let flags = size == 14 ? alternatives.bytes.value(UInt16.self, at: offset + 10) : 0
      let length = alternatives.bytes[offset + size - 2]
      let replacement = alternatives.bytes[offset + size - 1]
      let number = size == 12 ? feature & 0x7fff : feature
      guard number < 2048, flags < 16, length > 0, replacement <= length else { return false }
    }
    return true
  }
}

extension PatchTables {
  /// The tables that are sections of their own, in the kernel's file and in a module's alike.
  ///
  /// - Parameter table: gives the section of a name, or an empty table.
  init(sections table: (String) -> PatchTable) {
    self.init()
    paravirt = table(".parainstructions")
    retpolines = table(".retpoline_sites")
    returns = table(".return_sites")
    calls = table(".call_sites")
    alternatives = table(".altinstructions")
    endbrSeals = table(".ibt_endbr_seal")
    cfi = table(".cfi_sites")
    smpLocks = table(".smp_locks")
  }
}
