internal import KernelModel

/// A value that a finding holds, whole and with its type, as JSON says it.
enum ValueDocument: Encodable {
  case bytes(Finding.Bytes)
  case address(KernelAddress, Owner?)
  case owner(Owner)
  case place(Place)
  case symbol(Symbol)
  case memory(MemoryRegion)

  /// The values of `value` in their order; none if it is words alone.
  static func all(of value: Finding.Value) -> [ValueDocument] {
    value.parts.compactMap { part in
      switch part {
      case .text: nil
      case .bytes(let bytes), .start(let bytes): .bytes(bytes)
      case .address(let address, let owner): .address(address, owner)
      case .owner(let owner): .owner(owner)
      case .place(let place): .place(place)
      case .symbol(let symbol): .symbol(symbol)
      case .memory(let memory, _): .memory(memory)
      }
    }
  }

  private enum Key: CodingKey {
    case kind, bytes, byteCount, address, owner, place, symbol, memory
  }

  func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: Key.self)
    func kind(_ word: PlainText) throws { try container.encode(word, forKey: .kind) }
    switch self {
    case .bytes(let bytes):
      try kind("bytes")
      try container.encode(Hexdump.compact(bytes.kept), forKey: .bytes)
      try container.encode(bytes.count, forKey: .byteCount)
    case .address(let address, let owner):
      try kind("address")
      try container.encode("\(address)" as PlainText, forKey: .address)
      try container.encode(OrNull(owner.map(OwnerDocument.init)), forKey: .owner)
    case .owner(let owner):
      try kind("owner")
      try container.encode(OwnerDocument(owner), forKey: .owner)
    case .place(let place):
      try kind("place")
      try container.encode(PlaceDocument(place), forKey: .place)
    case .symbol(let symbol):
      try kind("symbol")
      try container.encode(SymbolDocument(symbol), forKey: .symbol)
    case .memory(let memory):
      try kind("memory")
      try container.encode(RegionDocument(memory), forKey: .memory)
    }
  }
}
