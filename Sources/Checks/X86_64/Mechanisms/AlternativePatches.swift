internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// `ALTERNATIVE()`: the instructions that the kernel chose by the features of the processor.
///
/// Source: apply_alternatives() and what it calls in arch/x86/kernel/alternative.c (Linux 5.10.262, 6.1.192, v6.12,
/// v7.2).
struct AlternativePatches {
  let facts: KernelFacts
  let tables: PatchTables
  private let scratch = Scratch()

  init(facts: KernelFacts, tables: PatchTables) {
    self.facts = facts
    self.tables = tables
  }

  func apply(to recreation: Recreation) {
    if tables.alternativeByteCount == 14 {
      applyGrouped(to: recreation)
    } else {
      applyOneByOne(to: recreation)
    }
  }

  /// One entry of the table.
  private struct Entry {
    var site: UInt64
    var replacement: UInt64
    var feature: Int
    /// Whether it is chosen where the feature is absent.
    var isInverted: Bool
    /// Whether it is a call through a pointer that becomes a direct call.
    var isDirectCall: Bool
    var byteCount: Int
    var replacementByteCount: Int
  }

  private func entry(_ index: Int) -> Entry {
    let size = tables.alternativeByteCount
    let offset = index * size
    let table = tables.alternatives
    let number = table.bytes.value(UInt16.self, at: offset + 8)
    let flags = size == 14 ? table.bytes.value(UInt16.self, at: offset + 10) : number >> 15
    return Entry(
      site: table.target(at: offset), replacement: table.target(at: offset + 4),
      feature: Int(size == 14 ? number : number & 0x7fff), isInverted: flags & 1 != 0,
      isDirectCall: size == 14 && flags & 2 != 0, byteCount: Int(table.bytes[offset + size - 2]),
      replacementByteCount: Int(table.bytes[offset + size - 1]))
  }

  /// Calls `body` with the address and the length of each site.
  func forEachSite(_ body: (UInt64, Int) -> Void) {
    for index in 0..<tables.alternatives.entryCount(of: tables.alternativeByteCount) {
      let entry = entry(index)
      body(entry.site, entry.byteCount)
    }
  }

  /// The features that decide over the sites that `runs` lie in.
  func features(at runs: [UnexplainedRun]) -> Set<Int> {
    var found: Set<Int> = []
    for index in 0..<tables.alternatives.entryCount(of: tables.alternativeByteCount) {
      let entry = entry(index)
      let end = entry.site &+ UInt64(max(entry.byteCount, 1))
      let isConcerned = runs.contains { run in
        run.address.rawValue < end && entry.site < run.address.rawValue &+ UInt64(run.observed.count)
      }
      if isConcerned { found.insert(entry.feature) }
    }
    return found
  }

  /// Where the replacement lies; one without bytes may lie anywhere, behind the last one too.
  private func replacement(of entry: Entry, in image: TextImage) -> UnsafeMutableRawPointer? {
    entry.replacementByteCount == 0
      ? scratch.bytes : image.pointer(at: entry.replacement, count: entry.replacementByteCount)
  }

  private func isChosen(_ entry: Entry) -> Bool {
    let isPresent = facts.features[entry.feature] ?? false
    return (isPresent != facts.reversedFeatures.contains(entry.feature)) != entry.isInverted
  }

  private func reason(_ entry: Entry?) -> String {
    guard let entry else { return "no alternative applies to this processor; padding is joined" }
    let state = entry.isInverted ? "absent" : "present"
    return
      "feature \(entry.feature / 32)*32+\(entry.feature % 32) is \(state), so \(entry.replacementByteCount) bytes of "
      + "the replacement at \(String(entry.replacement, radix: 16)) are used"
  }
}

/// Room for one site's bytes.
private final class Scratch {
  let bytes = UnsafeMutableRawPointer.allocate(byteCount: 512, alignment: 16)

  deinit {
    bytes.deallocate()
  }
}

// MARK: - One by one, up to v6.2

extension AlternativePatches {
  private func applyOneByOne(to recreation: Recreation) {
    let image = recreation.image
    for index in 0..<tables.alternatives.entryCount(of: 12) {
      let entry = entry(index)
      guard entry.byteCount > 0, entry.byteCount <= 254, entry.replacementByteCount <= entry.byteCount,
        let site = image.pointer(at: entry.site, count: entry.byteCount)
      else { continue }
      let readable = min(image.byteCount(from: entry.site), entry.byteCount + 16)
      let chosen = isChosen(entry)
      let buffer = scratch.bytes
      buffer.copyMemory(from: site, byteCount: readable)
      if chosen {
        guard let replacement = replacement(of: entry, in: image) else { continue }
        place(replacement, entry, in: buffer)
      }
      facts.nops.joinSingleBytes(buffer, count: entry.byteCount, readable: readable)
      recreation.write(
        .alternative, at: entry.site, site, buffer, count: entry.byteCount, reason(chosen ? entry : nil))
    }
  }

  /// Copies the replacement, mends its one call or jump, and pads.
  private func place(_ replacement: UnsafeMutableRawPointer, _ entry: Entry, in buffer: UnsafeMutableRawPointer) {
    buffer.copyMemory(from: replacement, byteCount: entry.replacementByteCount)
    for offset in entry.replacementByteCount..<max(entry.byteCount, entry.replacementByteCount) {
      buffer.set(0x90 as UInt8, at: offset)
    }
    guard entry.replacementByteCount == 5 else { return }
    let opcode = buffer.value(UInt8.self)
    guard opcode == 0xe8 || opcode == 0xe9 || opcode == 0xeb else { return }
    let moved = buffer.value(UInt32.self, at: 1) &+ UInt32(truncatingIfNeeded: entry.replacement &- entry.site)
    if opcode == 0xe8 {
      buffer.set(moved, at: 1)
      return
    }
    // recompute_jump(): a short jump where the target lies ahead and near.
    let distance = Int32(bitPattern: moved &+ 5)
    if distance >= 0, distance - 2 <= 127 {
      buffer.set(0xeb as UInt8)
      buffer.set(UInt8(truncatingIfNeeded: distance - 2), at: 1)
      facts.nops.chain(buffer + 2, count: 3)
    } else {
      buffer.set(0xe9 as UInt8)
      buffer.set(moved, at: 1)
    }
  }
}

// MARK: - All of a site at once, since v6.3

extension AlternativePatches {
  private func applyGrouped(to recreation: Recreation) {
    let image = recreation.image
    let count = tables.alternatives.entryCount(of: 14)
    var index = 0
    while index < count {
      let start = index
      let first = entry(index)
      var byteCount = first.byteCount
      var last = isChosen(first) ? first : nil
      index += 1
      while index < count {
        let next = entry(index)
        guard next.site == first.site else { break }
        byteCount = max(byteCount, next.byteCount)
        if isChosen(next) { last = next }
        index += 1
      }
      allowLengths(byteCount, of: start..<index, recreation)
      guard byteCount > 0, byteCount <= 254, let site = image.pointer(at: first.site, count: byteCount) else {
        continue
      }
      let buffer = scratch.bytes
      buffer.copyMemory(from: site, byteCount: byteCount)
      if let last {
        guard last.replacementByteCount <= byteCount,
          let replacement = replacement(of: last, in: image),
          fill(buffer, from: replacement, last, byteCount: byteCount, site: site)
        else { continue }
      }
      let plain = scratch.bytes + 256
      plain.copyMemory(from: buffer, byteCount: byteCount)
      facts.nops.join(buffer, count: byteCount, recognisesMore: false)
      facts.nops.join(plain, count: byteCount, recognisesMore: true)
      let isAmbiguous = !UnsafeRawBufferPointer(start: buffer, count: byteCount).elementsEqual(
        UnsafeRawBufferPointer(start: plain, count: byteCount))
      if isAmbiguous {
        recreation.allow(.bytes([Array(UnsafeRawBufferPointer(start: plain, count: byteCount))]), at: first.site)
      }
      recreation.write(.alternative, at: first.site, site, buffer, count: byteCount, reason(last))
    }
  }

  /// Up to v6.14 the kernel notes the longest length of a site's entries in all of them, where a module keeps its
  /// table.
  private func allowLengths(_ byteCount: Int, of entries: Range<Int>, _ recreation: Recreation) {
    guard entries.count > 1 else { return }
    for index in entries where entry(index).byteCount != byteCount {
      let address = tables.alternatives.address &+ UInt64(index * 14 + 12)
      guard recreation.image.pointer(at: address, count: 1) != nil else { continue }
      recreation.allow(.bytes([[UInt8(clamping: byteCount)]]), at: address)
    }
  }

  /// Puts the replacement into `buffer`, as it must be at the site; false if the table makes no sense.
  private func fill(
    _ buffer: UnsafeMutableRawPointer, from replacement: UnsafeMutableRawPointer, _ entry: Entry, byteCount: Int,
    site: UnsafeMutableRawPointer
  ) -> Bool {
    buffer.copyMemory(from: replacement, byteCount: entry.replacementByteCount)
    var used = entry.replacementByteCount
    if entry.isDirectCall {
      guard let replaced = directCall(in: buffer, entry, byteCount: byteCount, site: site) else { return false }
      used = replaced
    }
    for offset in used..<max(byteCount, used) { buffer.set(0x90 as UInt8, at: offset) }
    AlternativePatches.relocate(
      buffer, count: byteCount, at: entry.site, from: entry.replacement, sourceByteCount: entry.replacementByteCount)
    return true
  }

  /// Makes `call BUG_func` a call of what the pointer of the site's `call *pointer(%rip)` holds; nil if there is no
  /// such call, or the pointer cannot be read.
  private func directCall(
    in buffer: UnsafeMutableRawPointer, _ entry: Entry, byteCount: Int, site: UnsafeMutableRawPointer
  ) -> Int? {
    guard entry.replacementByteCount == 5, buffer.value(UInt8.self) == 0xe8, byteCount >= 6,
      site.value(UInt8.self) == 0xff, site.value(UInt8.self, at: 1) == 0x15, let bug = facts.symbols["BUG_func"]
    else { return nil }
    let pointer = site.branchTarget(at: entry.site, displacementOffset: 2)
    guard var target = facts.live.value(UInt64.self, at: pointer) else { return nil }
    if target == 0 { target = bug }
    buffer.set(buffer.value(UInt32.self, at: 1) &+ UInt32(truncatingIfNeeded: target &- bug), at: 1)
    return target == facts.symbols["nop_func"] ? 0 : 5
  }

  /// Moves the instructions in `buffer` from `source` to `destination`: what leads out of them is mended, and a jump
  /// that can be short becomes short.
  ///
  /// Source: `__apply_relocation()` in arch/x86/kernel/alternative.c (Linux v6.12).
  static func relocate(
    _ buffer: UnsafeMutableRawPointer, count: Int, at destination: UInt64, from source: UInt64, sourceByteCount: Int
  ) {
    let shift = Int64(bitPattern: source &- destination)
    var offset = 0
    while offset < count {
      let rest = UnsafeRawBufferPointer(start: buffer + offset, count: count - offset)
      guard let shape = X86_64.InstructionShape(rest) else { return }
      let next = offset + Int(shape.length)
      func leadsOut(_ distance: Int64) -> Bool {
        let target = Int64(next) &+ distance
        return target < 0 || target > Int64(sourceByteCount)
      }
      if shape.isCallRel32 || shape.isJumpRel32 || shape.isJumpRel8 || shape.isConditionalJump {
        let place = buffer + offset + Int(shape.immediateOffset)
        let isWide = shape.immediateByteCount == 4
        let distance = isWide ? Int64(place.value(Int32.self)) : Int64(place.value(Int8.self))
        if leadsOut(distance) {
          if isWide {
            place.set(Int32(truncatingIfNeeded: distance &+ shift))
          } else {
            place.set(Int8(truncatingIfNeeded: distance &+ shift))
          }
        }
        if shape.isJumpRel32 {
          // The kernel shortens by the distance as it was, moved, whether or not the jump leads out.
          let short = Int32(truncatingIfNeeded: distance &+ shift) &+ 3
          if short >= -128, short <= 127 {
            (buffer + offset).set(0xeb as UInt8)
            (buffer + offset).set(Int8(short), at: 1)
            for rest in 2..<Int(shape.length) { (buffer + offset).set(0xcc as UInt8, at: rest) }
          }
        }
      }
      if shape.isRIPRelative {
        let place = buffer + offset + Int(shape.displacementOffset)
        let distance = Int64(place.value(Int32.self))
        if leadsOut(distance) { place.set(Int32(truncatingIfNeeded: distance &+ shift)) }
      }
      offset = next
    }
  }
}
