internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// Mechanisms of a few bytes a site: sealed `ENDBR64`s, `LOCK` prefixes, run-time constants.
///
/// Source: apply_seal_endbr(), alternatives_smp_unlock() in arch/x86/kernel/alternative.c; arch/x86/include/asm/
/// runtime-const.h (Linux v6.12, v7.2).
struct SmallPatches {
  let facts: KernelFacts
  let tables: PatchTables

  static let endbr64: UInt32 = 0xfa1e_0ff3

  /// Works out what a sealed `ENDBR64` is in this kernel, from a sample of sites.
  func decideSeal(image: TextImage) {
    var votes: [UInt32: Int] = [:]
    for address in tables.endbrSeals.sample(33, where: facts.text.contains) {
      guard let value = facts.live.value(UInt32.self, at: address) else { continue }
      votes[value, default: 0] += 1
    }
    // gen_endbr_poison(): `osp nopl (%rax)`, and since v6.15 `nopl -42(%rax)`.
    let known: [UInt32: [UInt8]] = [0x001f_0f66: [0x66, 0x0f, 0x1f, 0x00], 0xd640_1f0f: [0x0f, 0x1f, 0x40, 0xd6]]
    guard let best = votes.max(by: { $0.value < $1.value }) else { return }
    facts.modes.sealedEndbr = known[best.key]
  }

  func applySeals(to recreation: Recreation) {
    guard let sealed = facts.modes.sealedEndbr else { return }
    tables.endbrSeals.forEachTarget { address in
      guard let site = recreation.image.pointer(at: address, count: 4), site.value(UInt32.self) == Self.endbr64 else {
        return
      }
      sealed.withUnsafeBytes { raw in
        guard let bytes = raw.baseAddress else { return }
        recreation.write(.endbrSeal, at: address, site, bytes, count: 4, "the function is never called indirectly")
      }
    }
  }

  func applyLocks(to recreation: Recreation) {
    guard facts.droppedLocks else {
      recreation.count(.smpLock, sites: tables.smpLocks.entryCount(of: 4), changedBytes: 0)
      return
    }
    var prefix: UInt8 = 0x3e
    tables.smpLocks.forEachTarget { address in
      guard tables.lockRange?.contains(address) ?? true, let site = recreation.image.pointer(at: address, count: 1),
        site.value(UInt8.self) == 0xf0
      else { return }
      withUnsafeBytes(of: &prefix) { raw in
        guard let bytes = raw.baseAddress else { return }
        recreation.write(.smpLock, at: address, site, bytes, count: 1, "uniproc_patched is set: one processor")
      }
    }
  }

  func applyRuntimeConstants(to recreation: Recreation) {
    for (variable, table) in tables.runtimePointers {
      guard let value = pointerValue(of: variable, sites: table) else { continue }
      withUnsafeBytes(of: value.littleEndian) { raw in
        guard let bytes = raw.baseAddress else { return }
        table.forEachTarget { address in
          guard let site = recreation.image.pointer(at: address, count: 8) else { return }
          recreation.write(.runtimeConstant, at: address, site, bytes, count: 8, "the value of \(variable)")
        }
      }
    }
    for (variable, table) in tables.runtimeShifts {
      guard let place = facts.symbols[variable], var value = facts.live.value(UInt8.self, at: place) else { continue }
      withUnsafeBytes(of: &value) { raw in
        guard let bytes = raw.baseAddress else { return }
        table.forEachTarget { address in
          guard let site = recreation.image.pointer(at: address, count: 1) else { return }
          recreation.write(.runtimeConstant, at: address, site, bytes, count: 1, "the value of \(variable)")
        }
      }
    }
  }

  /// The live value of a variable; of one that is no variable any more, the value at most of its sites, if that is what
  /// the name says: a slab cache of that name.
  private func pointerValue(of variable: String, sites: PatchTable) -> UInt64? {
    if let place = facts.symbols[variable] { return facts.live.value(UInt64.self, at: place) }
    var votes: [UInt64: Int] = [:]
    sites.forEachTarget { address in
      if let value = facts.live.value(UInt64.self, at: address) { votes[value, default: 0] += 1 }
    }
    guard let value = votes.max(by: { ($0.value, $1.key) < ($1.value, $0.key) })?.key,
      variable.hasPrefix("__"), variable.hasSuffix("_cache"),
      nameOffsets.contains(where: { isCalled(variable, cacheAt: value, nameAt: $0) })
    else { return nil }
    return value
  }

  /// Where the name of a slab cache may be; where nothing says it, the name itself tells.
  private var nameOffsets: [UInt64] {
    if let name = facts.structure("kmem_cache")?.member("name") { return [UInt64(name.byteOffset)] }
    return facts.types.lacksOthers ? Array(stride(from: 0, to: 256, by: 8)) : []
  }

  private func isCalled(_ variable: String, cacheAt cache: UInt64, nameAt offset: UInt64) -> Bool {
    guard let name = facts.live.value(UInt64.self, at: cache &+ offset), KernelAddress(name).isInKernelHalf,
      let text = facts.live.text(at: name)
    else { return false }
    let wanted = variable.dropFirst(2)
    return text == wanted || text + "_cache" == wanted
  }
}
