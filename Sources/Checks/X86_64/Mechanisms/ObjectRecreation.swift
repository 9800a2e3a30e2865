internal import KernelFormats
internal import KernelModel
internal import KernelObjects

extension PatchSequence: ObjectPatching {
  func recreate(_ vendor: VendorKernel, in recreation: Recreation) throws(CannotCheck) -> FtraceTrampolines {
    decideModes(image: recreation.image)
    applyOnce(to: recreation, paravirtOffset: vendor.offset, isModule: false)
    let trampolines = FtraceTrampolines(
      facts: facts, state: ftrace, image: recreation.image, relocates: tables.alternativeByteCount == 14)
    recreation.violations += trampolines.violations
    recreation.count(.ftrace, sites: trampolines.tally.sites, changedBytes: trampolines.tally.changedBytes)
    try applyLive(
      to: recreation, trampolines: trampolines,
      entries: FunctionEntries(tables.functionEntries, movedBy: vendor.offset, base: vendor.text.lowerBound),
      staticCalls: StaticCallKeys(vendor.trampolines))
    FtracePatches(facts: facts, state: ftrace, trampolines: trampolines, callDepth: callDepth)
      .applyEntryCode(to: recreation)
    BootStrings(facts: facts, vendor: vendor).apply(to: recreation)
    recreation.violations += CentralPointers(facts: facts).violations
    recreation.violations += try SortedTables(facts: facts, tables: tables).violations
    return trampolines
  }

  func recreate(
    _ placement: ModulePlacement, trampolines: FtraceTrampolines, staticCalls: StaticCallKeys, in recreation: Recreation
  ) throws(CannotCheck) {
    applyOnce(to: recreation, paravirtOffset: 0, isModule: true)
    try applyLive(
      to: recreation, trampolines: trampolines,
      entries: FunctionEntries(addresses: entries(movedBy: 0), base: placement.code.lowerBound),
      staticCalls: staticCalls)
  }

  func features(at runs: [UnexplainedRun]) -> Set<Int> {
    AlternativePatches(facts: facts, tables: tables).features(at: runs)
  }
}

extension X86_64: PatchingArchitecture {
  typealias ImageRelocations = KernelRelocations
  typealias ObjectTables = PatchTables
  typealias PatchFacts = KernelFacts
  typealias Patching = PatchSequence

  static func relocate(
    _ placement: ModulePlacement, exports: (String) -> UInt64?, in recreation: Recreation
  ) throws(CannotCheck) {
    try ModuleRelocations(placement, exports: exports).apply(to: recreation)
  }

  static func pointer(ofRelocation type: UInt32, to value: UInt64) -> UInt64? { type == 1 ? value : nil }

  /// The keys of static calls, whose first word is the function (struct static_call_key, include/linux/static_call_types.h), the
  /// operations of a hypervisor's guest, and the thunk of returns (Linux v5.10 to v7.2).
  static func followedPointers(of vendor: VendorKernel) -> [Range<UInt64>] {
    var found = vendor.trampolines.map { $0.key..<$0.key &+ 8 }
    // Without types it is as long as up to the next symbol.
    let operations =
      (try? vendor.types)?.structure("paravirt_patch_template")?.byteCount
      ?? vendor.symbols["pv_ops"].flatMap { vendor.symbols.object(around: $0)?.count } ?? 8
    for (name, byteCount) in [("pv_ops", operations), ("x86_return_thunk", 8)] {
      if let start = vendor.symbols[name], byteCount <= 4096 { found.append(start..<start &+ UInt64(byteCount)) }
    }
    return found.filter { !$0.isEmpty }.sorted { $0.lowerBound < $1.lowerBound }
  }

  /// R_X86_64_*: 1 is 64, 2 PC32, 4 PLT32, 11 32S.
  static func target(ofRelocation type: UInt32, at place: UInt64, _ live: LivePages) -> UInt64? {
    switch type {
    case 1: live.value(UInt64.self, at: place)
    case 2, 4: live.value(Int32.self, at: place).map { place &+ UInt64(bitPattern: Int64($0)) }
    case 11: live.value(Int32.self, at: place).map { UInt64(bitPattern: Int64($0)) }
    default: nil
    }
  }

  /// As X86_FEATURE_* are written: arch/x86/include/asm/cpufeatures.h.
  static func name(ofFeature number: Int) -> String { "\(number / 32)*32+\(number % 32)" }
}
