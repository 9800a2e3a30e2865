internal import KernelFormats
internal import KernelModel

extension PatchSequence {
  func places(of vendor: VendorKernel, in image: TextImage, written: [SiteRecord]) -> PatchPlaces {
    places(
      in: image, entries: entries(movedBy: vendor.offset), trampolines: vendor.trampolines,
      paravirtOffset: vendor.offset,
      written: written)
  }

  func places(
    of placement: ModulePlacement, trampolines: [StaticCallKeys.Trampoline], in image: TextImage
  ) -> PatchPlaces {
    places(in: image, entries: entries(movedBy: 0), trampolines: trampolines, paravirtOffset: 0)
  }

  /// The function entries that can be traced.
  func entries(movedBy offset: UInt64) -> [UInt64] {
    let entries = tables.functionEntries
    return (0..<entries.entryCount(of: 8)).map { entries.bytes.value(UInt64.self, at: $0 * 8) &+ offset }
  }

  /// - Parameters:
  ///   - image: the vendor's code, not patched yet.
  ///   - entries: the function entries that can be traced.
  ///   - written: where the mechanisms that are known wrote.
  private func places(
    in image: TextImage, entries: [UInt64], trampolines: [StaticCallKeys.Trampoline], paravirtOffset: UInt64,
    written: [SiteRecord] = []
  ) -> PatchPlaces {
    var records = written
    func add(_ mechanism: X86_64.Mechanism, _ address: UInt64, _ byteCount: Int) {
      records.append(SiteRecord(address: address, byteCount: UInt16(clamping: byteCount), mechanism: mechanism))
    }
    func instruction(_ mechanism: X86_64.Mechanism, _ address: UInt64) {
      let bytes = image.bytes(at: address, least: 1, most: X86_64.InstructionShape.mostBytes)
      let shape = bytes.flatMap { X86_64.InstructionShape(UnsafeRawBufferPointer($0)) }
      add(mechanism, address, shape.map { Int($0.length) } ?? 5)
    }
    tables.retpolines.forEachTarget { instruction(.retpoline, $0) }
    tables.returns.forEachTarget { instruction(.returnThunk, $0) }
    var callees: Set<UInt64> = []
    tables.calls.forEachTarget { address in
      instruction(.callDepth, address)
      if let site = image.pointer(at: address, count: 5), site.value(UInt8.self) == 0xe8 {
        callees.insert(site.branchTarget(at: address, displacementOffset: 1))
      }
    }
    for callee in callees {
      // What the compiler left empty before the function.
      var count: UInt64 = 0
      while count < 32, image.pointer(at: callee &- count &- 1, count: 1)?.value(UInt8.self) == 0x90 { count += 1 }
      if count > 0 { add(.callDepth, callee &- count, Int(count)) }
    }
    AlternativePatches(facts: facts, tables: tables).forEachSite { add(.alternative, $0, $1) }
    tables.endbrSeals.forEachTarget { add(.endbrSeal, $0, 4) }
    records += CfiPatches(facts: facts, tables: tables).places(in: image)
    tables.smpLocks.forEachTarget { add(.smpLock, $0, 1) }
    for (_, table) in tables.runtimePointers { table.forEachTarget { add(.runtimeConstant, $0, 8) } }
    for (_, table) in tables.runtimeShifts { table.forEachTarget { add(.runtimeConstant, $0, 1) } }
    for index in 0..<tables.jumpLabels.entryCount(of: JumpLabelPatches.entryByteCount) {
      instruction(.jumpLabel, tables.jumpLabels.target(at: index * JumpLabelPatches.entryByteCount))
    }
    for index in 0..<tables.staticCalls.entryCount(of: StaticCallPatches.entryByteCount) {
      instruction(.staticCall, tables.staticCalls.target(at: index * StaticCallPatches.entryByteCount))
    }
    for trampoline in trampolines { add(.staticCall, trampoline.address, 5) }
    for entry in entries { add(.ftrace, entry, 5) }
    for offset in stride(from: 0, to: tables.paravirt.bytes.count - 9, by: 16) {
      let address = tables.paravirt.bytes.value(UInt64.self, at: offset) &+ paravirtOffset
      add(.paravirt, address, Int(tables.paravirt.bytes[offset + 9]))
    }
    return PatchPlaces(records)
  }
}
