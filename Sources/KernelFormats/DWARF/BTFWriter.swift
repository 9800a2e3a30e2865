/// Writes type information as a kernel holds it of itself.
///
/// Layout: include/uapi/linux/btf.h (Linux v6.12). Types are numbered from 1 on, in the order in which they are written.
struct BTFWriter {
  private(set) var types: [UInt8] = []
  private(set) var typeCount = 0
  private var names: [UInt8] = [0]
  /// Places in ``names``, by hash: open addressing, at most half full; 0 is empty.
  private var slots = [UInt32](repeating: 0, count: 1 << 16)
  private var nameCount = 0

  /// A kernel's names have 3 MB, its types 6.
  private static let mostNameBytes = 64 << 20

  /// Where a name stands; what is there already is not written again.
  ///
  /// Where there is no room any more, it is 0, the empty name.
  mutating func name(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    guard !bytes.isEmpty, names.count + bytes.count < Self.mostNameBytes else { return 0 }
    if nameCount * 2 >= slots.count { grow() }
    var slot = Self.hash(bytes) & (slots.count - 1)
    while slots[slot] != 0 {
      if isName(Int(slots[slot]), bytes) { return slots[slot] }
      slot = (slot + 1) & (slots.count - 1)
    }
    let place = UInt32(truncatingIfNeeded: names.count)
    names += bytes
    names.append(0)
    slots[slot] = place
    nameCount += 1
    return place
  }

  private func isName(_ place: Int, _ bytes: UnsafeRawBufferPointer) -> Bool {
    guard names.count - place > bytes.count, names[place + bytes.count] == 0 else { return false }
    for index in 0..<bytes.count where names[place + index] != bytes[index] { return false }
    return true
  }

  private mutating func grow() {
    var larger = [UInt32](repeating: 0, count: slots.count * 2)
    names.withUnsafeBytes { names in
      for place in slots where place != 0 {
        let rest = UnsafeRawBufferPointer(rebasing: names[Int(place)...])
        let count = rest.firstIndex(of: 0) ?? rest.count
        var slot = Self.hash(UnsafeRawBufferPointer(rebasing: rest[..<count])) & (larger.count - 1)
        while larger[slot] != 0 { slot = (slot + 1) & (larger.count - 1) }
        larger[slot] = place
      }
    }
    slots = larger
  }

  /// FNV-1a.
  private static func hash(_ bytes: UnsafeRawBufferPointer) -> Int {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in bytes { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
    return Int(truncatingIfNeeded: (hash ^ hash >> 32) & 0x7fff_ffff)
  }

  /// Begins a type; what its kind has behind the first 12 bytes follows by ``word(_:)``.
  mutating func begin(
    _ kind: BTFType.Kind, name: UInt32 = 0, elementCount: Int = 0, flag: Bool = false, sizeOrType: UInt32
  ) {
    typeCount += 1
    word(name)
    word(UInt32(truncatingIfNeeded: elementCount) & 0xff_ffff | UInt32(kind.rawValue) << 24 | (flag ? 1 << 31 : 0))
    word(sizeOrType)
  }

  mutating func word(_ value: UInt32) {
    withUnsafeBytes(of: value.littleEndian) { types.append(contentsOf: $0) }
  }

  /// All of it, header included.
  consuming func finish() -> [UInt8] {
    var header = BTFWriter()
    let (typeBytes, nameBytes) = (UInt32(truncatingIfNeeded: types.count), UInt32(truncatingIfNeeded: names.count))
    // Magic, version 1, flags; the header's own bytes; where types and names are, and how many bytes.
    for word in [0x0001_eb9f, 24, 0, typeBytes, typeBytes, nameBytes] { header.word(word) }
    return header.types + types + names
  }
}
