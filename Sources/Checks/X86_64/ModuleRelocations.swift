internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// The addresses that the loader puts into a module.
///
/// Source: apply_relocate_add() in arch/x86/kernel/module.c (Linux v5.10 to v7.2).
struct ModuleRelocations {
  private let placement: ModulePlacement
  /// By symbol number: what it stands for.
  private let values: [UInt64?]

  private static let entryByteCount = 24

  /// - Parameter exports: the address of a symbol of the kernel's or of another module.
  init(_ placement: ModulePlacement, exports: (String) -> UInt64?) throws(CannotCheck) {
    self.placement = placement
    var values: [UInt64?] = []
    values.reserveCapacity(placement.symbolCount)
    for index in 0..<placement.symbolCount {
      guard let symbol = placement.symbol(index) else {
        values.append(nil)
        continue
      }
      if symbol.section == 0, index > 0 {
        values.append(exports(placement.name(of: symbol)))
      } else {
        values.append(placement.address(of: symbol))
      }
    }
    self.values = values
  }

  /// Relocates every section that is kept.
  ///
  /// - Throws: if a symbol that code or constants use is not known: then nothing could be compared.
  func apply(to recreation: Recreation) throws(CannotCheck) {
    for section in placement.object.sections where section.type == 4 {
      guard Int(section.info) < placement.object.sections.count, let base = placement.addresses[Int(section.info)]
      else {
        continue
      }
      let kind = placement.kinds[Int(section.info)]
      let table = placement.object.bytes(of: section)
      for index in 0..<table.count / Self.entryByteCount {
        let offset = index * Self.entryByteCount
        let info = table.value(UInt64.self, at: offset + 8)
        let number = Int(info >> 32)
        guard number < values.count else { continue }
        guard let value = values[number] else {
          if kind == .text || kind == .rodata, let symbol = placement.symbol(number) {
            let name = placement.name(of: symbol)
            // A weak symbol that nobody has is zero.
            if symbol.binding == 2 || symbol.section != 0 { continue }
            throw .withheld(
              Withheld(
                "the address of \(name), which module \(placement.module.name) uses",
                why: "neither the kernel nor a loaded module exports it"))
          }
          continue
        }
        relocate(
          at: base &+ table.value(UInt64.self, at: offset), type: UInt32(truncatingIfNeeded: info),
          to: value &+ table.value(UInt64.self, at: offset + 16), recreation)
      }
    }
  }

  /// R_X86_64_*: 1 is 64, 2 PC32, 4 PLT32, 10 32, 11 32S, 24 PC64.
  private func relocate(at address: UInt64, type: UInt32, to target: UInt64, _ recreation: Recreation) {
    let isWide = type == 1 || type == 24
    guard [1, 2, 4, 10, 11, 24].contains(type), let place = recreation.image.pointer(at: address, count: isWide ? 8 : 4)
    else { return }
    let isRelative = type == 2 || type == 4 || type == 24
    let value = (isRelative ? target &- address : target).littleEndian
    withUnsafeBytes(of: value) { raw in
      guard let bytes = raw.baseAddress else { return }
      recreation.write(
        .relocation, at: address, place, bytes, count: isWide ? 8 : 4,
        "the address \(String(target, radix: 16))\(isRelative ? ", as a distance" : "")")
    }
  }
}
