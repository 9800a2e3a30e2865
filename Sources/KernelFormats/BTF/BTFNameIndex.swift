internal import KernelModel

extension BTF {
  /// Types by a hash of their names: a scan asks for hundreds of the ten thousand structures.
  struct NameIndex {
    /// Of each type, the hash of its name above where it starts, ascending: those of one name are in the section's order.
    private let keys: [UInt64]

    /// - Parameters:
    ///   - starts: where the types start in the type section.
    ///   - hash: the hash of the name of the type that starts there.
    init(of starts: [UInt32], hash: (UInt32) -> UInt32) {
      keys = starts.map { UInt64(hash($0)) << 32 | UInt64($0) }.sorted()
    }

    /// Where the types start whose name may be `name`.
    func candidates(_ name: UnsafeBufferPointer<UInt8>) -> some Sequence<UInt32> {
      let wanted = Self.hash(UnsafeRawBufferPointer(name), from: 0)
      let first = keys.partitionPoint { $0 >= UInt64(wanted) << 32 }
      return keys[first...].lazy.prefix { $0 >> 32 == wanted }.map { UInt32(truncatingIfNeeded: $0) }
    }

    /// The hash of the name that starts at `offset`, up to the zero or the end of `names`: FNV-1a.
    static func hash(_ names: UnsafeRawBufferPointer, from offset: Int) -> UInt32 {
      var hash: UInt32 = 0x811c_9dc5
      var place = offset
      while place < names.count, names[place] != 0 {
        hash = (hash ^ UInt32(names[place])) &* 0x0100_0193
        place += 1
      }
      return hash
    }
  }

  /// The hash of the name at `offset` of `names`, which count on from those of `base`.
  static func hash(ofName offset: UInt32, _ names: UnsafeRawBufferPointer, _ base: BTF?) -> UInt32 {
    let before = base?.nameByteCount ?? 0
    if let base, Int(offset) < before { return hash(ofName: offset, base.names, base.base?.btf) }
    return NameIndex.hash(names, from: Int(offset) - before)
  }
}
