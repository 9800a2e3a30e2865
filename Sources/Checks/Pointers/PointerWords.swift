internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// What pointers and the functions they lead to are called.
struct PointerWords {
  let kernel: Kernel
  let vendor: VendorKernel
  let types: FunctionTypes

  /// What a function or a table is called: `acpi_pci_irq_enable`, or where it lies.
  func name(of address: UInt64) -> String {
    guard address != 0 else { return "NULL" }
    let owner = kernel.owner(of: KernelAddress(address))
    guard let place = owner.place else { return owner.description }
    return place.offset == 0 && place.module == nil ? place.symbol : place.description
  }

  /// What a variable that each processor has is called, by its own symbol.
  func name(ofVariable address: UInt64) -> String {
    guard let symbol = kernel.symbols.nearest(atOrBelow: KernelAddress(address)), symbol.module == nil else {
      return KernelAddress(address).description
    }
    return Place(symbol: symbol.name, offset: address &- symbol.address.rawValue).description
  }

  /// The member of which structure a pointer of the kernel's is; nil if that is not known.
  ///
  /// Those structures come into question that have, wherever the file has the address of a function in this variable, a pointer to
  /// such a function; they must be of one name.
  /// The kernel's type information has no types of variables, but for those that each processor has.
  ///
  /// - Parameter slots: those of the kernel, lowest first.
  func member(of slot: PointerSlot, among slots: [PointerSlot]) -> (structure: String, path: String)? {
    guard let information = types.information, let object = vendor.symbols.object(around: slot.address),
      object.count <= 1 << 16
    else { return nil }
    let first = slots.partitionPoint { $0.address >= object.lowerBound }
    let own = slots[first...].prefix { object.contains($0.address) && $0.variable == nil }
      .filter { $0.kind == .function }.prefix(Self.most)
    types.learn(Set(own.map(\.target)))
    let places = own.compactMap { own -> (offset: Int, prototypes: [BTF.Prototype])? in
      let known = types[own.target]
      return known.isEmpty ? nil : (Int(own.address &- object.lowerBound), known)
    }
    guard !places.isEmpty else { return nil }
    var found = information.structures(pointingToFunctions: places, within: object.count)
    // Variables begin at multiples of 32 or 64 bytes: what is much smaller than the room there is, is another.
    let fitting = found.filter { $0.byteCount + 64 > object.count }
    if !fitting.isEmpty { found = fitting }
    guard let structure = found.first, found.allSatisfy({ $0.name == structure.name }), structure.byteCount > 0 else {
      return nil
    }
    let offset = Int(slot.address &- object.lowerBound) % structure.byteCount
    return information.functionPointer(at: offset, in: structure).map { (structure.name, $0) }
  }

  /// Functions of one variable that are looked at.
  private static let most = 64
}
