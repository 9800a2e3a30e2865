internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// The pointers to code that a module's file puts into memory of the module's that may change.
struct ModulePointers {
  let module: LiveModule
  private(set) var slots: [PointerSlot] = []
  let tables: PointerTables
  /// Where its sections lie.
  let sections: [(name: String, range: Range<UInt64>)]
  /// Why the file is not that of the loaded module; nil if it is, as far as its note says.
  let otherBuild: CannotCheck?
  private let placement: ModulePlacement

  private static let entryByteCount = 24
  /// Sections that list places of code, to be patched: nobody is called through them.
  private static let places = ModulePlacement.sorted.union(["__patchable_function_entries"])

  /// - Parameters:
  ///   - exports: the address of a symbol that the module uses and does not have.
  ///   - isCode: whether an address is code of somebody's.
  ///   - isTable: whether an address that is none of this module's lies in a constant table with functions.
  init(
    _ placement: ModulePlacement, live: LivePages, exports: (String) -> UInt64?, isCode: (UInt64) -> Bool,
    isTable: (UInt64) -> Bool
  ) {
    self.placement = placement
    module = placement.module
    let object = placement.object
    sections = object.sections.indices.compactMap { index in
      placement.addresses[index].map { (object.sections[index].name, $0..<$0 &+ object.sections[index].byteCount) }
    }
    otherBuild = Self.otherBuild(placement, live)
    var values = [UInt64??](repeating: nil, count: placement.symbolCount)
    func value(_ number: Int) -> UInt64? {
      guard values.indices.contains(number), let symbol = placement.symbol(number) else { return nil }
      if let known = values[number] { return known }
      let value =
        symbol.section == 0 && number > 0 ? exports(placement.name(of: symbol)) : placement.address(of: symbol)
      values[number] = .some(value)
      return value
    }
    var constants: [PointerTables.Entry] = []
    var waiting: [(place: UInt64, target: UInt64)] = []
    for section in object.sections where section.type == 4 && Int(section.info) < object.sections.count {
      let index = Int(section.info)
      guard let base = placement.addresses[index], let kind = placement.kinds[index], kind != .text,
        !Self.places.contains(object.sections[index].name)
      else { continue }
      let table = object.bytes(of: section)
      for offset in stride(from: 0, to: table.count - Self.entryByteCount + 1, by: Self.entryByteCount) {
        let info = table.value(UInt64.self, at: offset + 8)
        let type = UInt32(truncatingIfNeeded: info)
        guard Machine.pointer(ofRelocation: type, to: 0) != nil, let symbol = value(Int(info >> 32)),
          let target = Machine.pointer(ofRelocation: type, to: symbol &+ table.value(UInt64.self, at: offset + 16))
        else { continue }
        let place = base &+ table.value(UInt64.self, at: offset)
        if kind == .rodata {
          if isCode(target) { constants.append(.init(place: place, function: target)) }
        } else {
          waiting.append((place, target))
        }
      }
    }
    let objects = Self.objects(placement)
    tables = PointerTables(constants) { place in
      let next = objects.partitionPoint { $0 > place }
      return next > 0 && next < objects.count ? objects[next - 1]..<objects[next] : nil
    }
    let keys = Set(ModuleTextVerifier.trampolines(of: placement).map(\.key))
    for (place, target) in waiting.sorted(by: { $0.place < $1.place }) {
      if isCode(target) {
        slots.append(
          PointerSlot(address: place, target: target, kind: keys.contains(place) ? .judgedElsewhere : .function))
      } else if tables.has(target) || isTable(target) {
        slots.append(PointerSlot(address: place, target: target, kind: .table))
      }
    }
  }

  func has(_ place: UInt64) -> Bool { sections.contains { $0.range.contains(place) } }

  /// Whether the file uses a symbol of others' that is one of these.
  func uses(_ names: [String]) -> Bool {
    !names.isEmpty
      && (1..<max(placement.symbolCount, 1)).contains { index in
        guard let symbol = placement.symbol(index), symbol.section == 0 else { return false }
        return names.contains(placement.name(of: symbol))
      }
  }

  /// Where what the module names starts, and its sections end, lowest first.
  private static func objects(_ placement: ModulePlacement) -> [UInt64] {
    var places: Set<UInt64> = []
    for index in 0..<placement.symbolCount {
      guard let symbol = placement.symbol(index), let address = placement.address(of: symbol) else { continue }
      places.insert(address)
    }
    for index in placement.addresses.indices {
      if let start = placement.addresses[index] { places.insert(start &+ placement.object.sections[index].byteCount) }
    }
    return places.sorted()
  }

  /// By the file's build id, which the module keeps in memory.
  private static func otherBuild(_ placement: ModulePlacement, _ live: LivePages) -> CannotCheck? {
    guard let index = placement.object.sections.firstIndex(where: { $0.name == ".note.gnu.build-id" }),
      let address = placement.addresses[index],
      case let note = placement.object.bytes(of: placement.object.sections[index]),
      let observed = live.bytes(at: address, count: note.count), !note.elementsEqual(observed)
    else { return nil }
    return .implausible(
      "module \(placement.module.name)", "\(placement.object.source) is another build than the one that is loaded")
  }

  /// What a place of the module's is called, in words that survive a reboot.
  func place(of address: UInt64, in kernel: Kernel) -> Place? {
    guard let (name, range) = sections.first(where: { $0.range.contains(address) }) else { return nil }
    if let symbol = kernel.symbols.nearest(atOrBelow: KernelAddress(address)), symbol.module == module.name,
      symbol.address.rawValue >= range.lowerBound
    {
      return Place(symbol: symbol.name, offset: address &- symbol.address.rawValue, module: module.name)
    }
    return Place(symbol: name, offset: address &- range.lowerBound, module: module.name)
  }
}
