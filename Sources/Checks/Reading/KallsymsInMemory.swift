internal import KernelFormats
internal import KernelModel

/// The symbols that the kernel keeps in its own constants, held against those that `/proc/kallsyms` told.
///
/// The tables are found by what they look like, in whatever layout this kernel has (see ``ImageKallsyms``); nothing that
/// `/proc/kallsyms` says is needed for it but where the constants lie.
struct KallsymsInMemory {
  /// Symbols that one of two lists has and the other has not, or has at another address.
  struct Surplus {
    private(set) var count = 0
    /// The names of some of them.
    private(set) var names: [String] = []

    private static let mostNamed = 16

    fileprivate mutating func add(_ name: Span<UInt8>, _ address: UInt64, unlessIn other: Set<UInt64>) {
      guard !name.isEmpty, !other.contains(SymbolSum.hash(name, address)) else { return }
      count += 1
      if names.count < Self.mostNamed {
        names.append(name.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) })
      }
    }
  }

  /// How many symbols the kernel's tables have.
  private(set) var count = 0
  /// What the tables have and the file has not.
  private(set) var missing = Surplus()
  /// What the file has and the tables have not.
  private(set) var strange = Surplus()

  var isSame: Bool { missing.count == 0 && strange.count == 0 }

  /// - Parameter kernel: of which the constants are read, and the symbols compared.
  init(_ kernel: Kernel) throws(CannotCheck) {
    let region = try Self.constants(of: kernel)
    let text = try kernel.address(of: "_text").rawValue
    let bytes: [UInt8]
    do throws(MemoryFault) {
      bytes = try kernel.memory.bytes(at: region.start, count: Int(clamping: region.byteCount))
    } catch {
      throw .memoryUnreadable(error)
    }
    do throws(ImageKallsymsError) {
      try bytes.withUnsafeBytes { raw in
        Result { () throws(ImageKallsymsError) in
          compare(try ImageKallsyms(raw, at: region.start.rawValue, text: text), with: kernel.symbols)
        }
      }.get()
    } catch {
      throw .implausible("the kernel's own table of symbols", "\(error)")
    }
  }

  private mutating func compare(_ tables: ImageKallsyms, with told: SymbolTable) {
    count = tables.count
    var inMemory = SymbolSum()
    tables.forEach { name, _, address in inMemory.add(name, address) }
    var inFile = SymbolSum()
    told.forEachOfTheKernel { name, address in inFile.add(name, address) }
    guard inMemory != inFile else { return }
    // Rare, and then each is looked up.
    var hashes: Set<UInt64> = []
    told.forEachOfTheKernel { name, address in hashes.insert(SymbolSum.hash(name, address)) }
    tables.forEach { name, _, address in missing.add(name, address, unlessIn: hashes) }
    hashes = []
    tables.forEach { name, _, address in hashes.insert(SymbolSum.hash(name, address)) }
    told.forEachOfTheKernel { name, address in strange.add(name, address, unlessIn: hashes) }
  }

  /// Where the kernel's constants lie: by the vendor's image, or by `/proc/kallsyms`.
  private static func constants(of kernel: Kernel) throws(CannotCheck) -> MemoryRegion {
    if let object = try? kernel.reference.kernelImage(), let offset = try? kernel.identity.kaslrOffset.get(),
      let section = object.section(named: ".rodata")
    {
      return MemoryRegion(start: KernelAddress(section.address &+ offset), byteCount: section.byteCount)
    }
    let region = MemoryRegion(
      from: try kernel.address(of: "__start_rodata"), to: try kernel.address(of: "__end_rodata"))
    guard !region.isEmpty else { throw .implausible("the kernel's constants", "have no bytes") }
    return region
  }
}

/// A sum over symbols, the same in whatever order they come.
private struct SymbolSum: Equatable {
  private var sum: UInt64 = 0
  private var count = 0

  mutating func add(_ name: Span<UInt8>, _ address: UInt64) {
    guard !name.isEmpty else { return }
    sum = sum &+ Self.hash(name, address)
    count += 1
  }

  static func hash(_ name: Span<UInt8>, _ address: UInt64) -> UInt64 {
    var hash = address &* 0x9e37_79b9_7f4a_7c15
    let raw = name.bytes
    var position = 0
    while position <= raw.byteCount - 8 {
      let word = raw.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self)
      hash = (hash ^ word) &* 0xff51_afd7_ed55_8ccd
      hash ^= hash >> 32
      position += 8
    }
    while position < raw.byteCount {
      hash = (hash ^ UInt64(name[position])) &* 0xc4ce_b9fe_1a85_ec53
      position += 1
    }
    return hash ^ hash >> 29
  }
}
