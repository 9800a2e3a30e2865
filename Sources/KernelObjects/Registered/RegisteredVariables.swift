internal import KernelFormats
internal import KernelModel

/// Steps from nothing to variables.
extension RegisteredWalk {
  /// Where a variable lies, and how many elements it has.
  private func variable(
    _ name: String, _ byteCount: Int, _ count: RegisteredRow.Count
  ) throws(CannotCheck) -> (address: UInt64, count: Int) {
    let size = UInt64(max(byteCount, 1))
    let hasRoom = { (place: SymbolTable.Place) in place.byteCount.map { $0 >= size } ?? true }
    var answer = snapshot.symbols.lookUp(name, where: hasRoom)
    if case .ambiguous = answer {
      // What is constant is another file's: nothing is registered there.
      let (start, end) = (snapshot.symbols["__start_rodata"] ?? 0, snapshot.symbols["__end_rodata"] ?? 0)
      answer = snapshot.symbols.lookUp(name) { place in
        hasRoom(place) && (place.address.rawValue < start || place.address.rawValue >= end)
      }
    }
    switch answer {
    case .found(let place):
      let room = Int(clamping: (place.byteCount ?? size) / size)
      return (place.address.rawValue, min(room, try most(count)))
    case .absent: throw .symbolMissing(name)
    case .ambiguous(let places): throw .symbolAmbiguous(name, count: places.count)
    case .unknown(let reason): throw reason
    }
  }

  private func most(_ count: RegisteredRow.Count) throws(CannotCheck) -> Int {
    switch count {
    case .atMost(let most): return most
    case .constant(let constant, let enumeration):
      guard let value = snapshot.types.information.enumerationValue(enumeration, constant) else {
        throw .layoutUnknown(structure: enumeration, member: constant)
      }
      return Int(clamping: min(max(value, 0), 1 << 14))
    }
  }

  private func variable(
    _ name: String, _ structure: String, _ count: RegisteredRow.Count
  ) throws(CannotCheck) -> (type: KernelType, address: UInt64, count: Int) {
    guard let type = snapshot.types.typeIfAny(structure) else {
      // That there is no such variable says more.
      _ = try variable(name, 1, .atMost(1))
      throw .layoutUnknown(structure: structure)
    }
    let (address, count) = try variable(name, type.layout.byteCount, count)
    return (type, address, count)
  }

  mutating func takeArray(
    _ name: String, _ structure: String, _ count: RegisteredRow.Count
  ) throws(CannotCheck) {
    let (type, address, count) = try variable(name, structure, count)
    for index in 0..<count {
      let place = address &+ UInt64(index) &* UInt64(type.layout.byteCount)
      things.append(
        Registration(object: KernelObject(type, at: place, snapshot), trail: count > 1 ? "\(name)[\(index)]" : ""))
    }
  }

  mutating func takePointers(
    _ name: String, _ structure: String, _ count: RegisteredRow.Count
  ) throws(CannotCheck) {
    let (address, count) = try variable(name, 8, count)
    let type = try snapshot.types.type(structure)
    for index in 0..<count {
      guard let target = snapshot.word(at: address &+ UInt64(index) &* 8) else {
        note(.memoryUnreadable(snapshot.live.latestFault ?? .absent(KernelAddress(address))))
        continue
      }
      guard target != 0 else { continue }
      things.append(
        Registration(object: KernelObject(type, at: target, snapshot), trail: count > 1 ? "\(name)[\(index)]" : ""))
    }
  }

  mutating func takePerProcessor(_ name: String, _ structure: String, _ count: Int) throws(CannotCheck) {
    let (type, address, count) = try variable(name, structure, .atMost(count))
    let processors = try PerProcessor(snapshot, known: 1)
    // A processor that this machine cannot have still has the offset that all have while the kernel boots.
    let none = snapshot.symbols["__per_cpu_load"]
    for (number, offset) in processors.offsets.enumerated() where offset != 0 && offset != none {
      for index in 0..<count {
        let place = address &+ offset &+ UInt64(index) &* UInt64(type.layout.byteCount)
        things.append(Registration(object: KernelObject(type, at: place, snapshot), trail: "CPU \(number)"))
      }
    }
  }
}
