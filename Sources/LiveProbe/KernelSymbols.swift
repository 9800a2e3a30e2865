import KernelFormats
import KernelModel

/// The running kernel's symbols: what `/proc/kallsyms` tells, held against the tables in the kernel's own constants that it
/// is made of.
struct KernelSymbols {
  /// What holding the one against the other gave.
  enum Comparison {
    case same(count: Int)
    /// Of the tables' symbols some were left out or changed, or there are others.
    case edited(count: Int, missing: Surplus, strange: Surplus)
    /// Nothing was told, and why; the tables were read.
    case untold(Withheld)
    case impossible(Withheld)
  }

  /// Symbols that one of two lists has and the other has not, or has at another address or of another type.
  struct Surplus {
    private(set) var count = 0
    /// The names of some of them.
    private(set) var names: [String] = []

    private static let mostNamed = 16

    fileprivate mutating func add(_ name: Span<UInt8>, _ address: UInt64, _ type: UInt8, unlessIn other: Set<UInt64>) {
      guard !name.isEmpty, !other.contains(KernelSymbols.hash(name, address, type)) else { return }
      count += 1
      if names.count < Self.mostNamed {
        names.append(name.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) })
      }
    }
  }

  /// What was told; where that is not what the kernel's tables say, these, and of modules what was told.
  let table: SymbolTable
  let comparison: Comparison

  /// Whether ``table`` has all symbols of the kernel's own tables.
  var areWhole: Bool {
    if case .impossible = comparison { false } else { true }
  }

  var areEdited: Bool {
    if case .edited = comparison { true } else { false }
  }

  /// Whether ``table`` stands for a `/proc/kallsyms` that cannot be used at all.
  var areInItsPlace: Bool {
    if case .untold = comparison { true } else { false }
  }

  /// - Parameters:
  ///   - read: what `/proc/kallsyms` told.
  ///   - kcore: through which the constants are read.
  init(_ read: Result<Kallsyms, KallsymsFault>, kcore: ProcKcore, mappings: any KernelMappings) {
    let told = Self.told(read)
    do throws(Withheld) {
      (table, comparison) = try Self.find(told, kcore, mappings) { tables in
        switch read {
        case .success: Self.compare(told, with: tables)
        case .failure(let fault):
          (
            Self.merge(tables, with: []),
            .untold(Withheld("/proc/kallsyms", why: "\(fault)", remedy: "run 'liveprobe doctor'"))
          )
        }
      }
    } catch {
      (table, comparison) = (told, .impossible(error))
    }
  }

  /// The symbols that `/proc/kallsyms` told: none, if it cannot be used.
  static func told(_ read: Result<Kallsyms, KallsymsFault>) -> SymbolTable {
    (try? read.get().symbols) ?? SymbolTable(SymbolTable.Builder())  // why is told by `read` itself
  }

  private static func find<Value>(
    _ told: SymbolTable, _ kcore: ProcKcore, _ mappings: any KernelMappings, _ use: (ImageKallsyms) -> Value
  ) throws(Withheld) -> Value {
    let info = try? kcore.vmcoreInfo.get()
    // The segment of the image is of `_text` up to `_end`: proc_kcore_text_init, fs/proc/kcore.c (Linux v5.10 to v7.2).
    guard let start = kcore.imageSegment?.memory.start else {
      throw Withheld("the kernel's own table of symbols", why: "/proc/kcore has no segment of the kernel's image")
    }
    do throws(Withheld) {
      return try SymbolsInMemory.find(kcore, mappings, imageStart: start, info, use)
    } catch {
      // With rodata=off no page of the image is read only, and without page tables none is known to be.
      guard let first = LiveIdentity.address(of: "__start_rodata", in: told),
        let end = LiveIdentity.address(of: "__end_rodata", in: told), first < end
      else { throw error }
      return try SymbolsInMemory.symbols(kcore, MemoryRegion(from: first, to: end), text: start.rawValue, use)
    }
  }

  private static func compare(_ told: SymbolTable, with tables: ImageKallsyms) -> (SymbolTable, Comparison) {
    if tables.areThose(of: told) { return (told, .same(count: tables.count)) }
    // Rare, and then each is looked up.
    var missing = Surplus()
    var strange = Surplus()
    var hashes: Set<UInt64> = []
    told.forEach { hashes.insert(hash($0, $1, $2)) }
    tables.forEach { missing.add($0, $2, $1, unlessIn: hashes) }
    hashes = []
    tables.forEach { hashes.insert(hash($0, $2, $1)) }
    told.forEach { strange.add($0, $1, $2, unlessIn: hashes) }
    guard missing.count > 0 || strange.count > 0 else { return (told, .same(count: tables.count)) }
    return (
      merge(tables, with: told.ofModules), .edited(count: tables.count, missing: missing, strange: strange)
    )
  }

  private static func merge(_ tables: ImageKallsyms, with modules: [Symbol]) -> SymbolTable {
    var builder = SymbolTable.Builder()
    builder.reserve(symbolCount: tables.count + modules.count, nameByteCount: (tables.count + modules.count) * 24)
    tables.forEach { name, type, address in builder.add(name: name, address: address, type: type) }
    for symbol in modules where symbol.address.rawValue != 0 { builder.add(symbol) }
    return SymbolTable(builder)
  }

  fileprivate static func hash(_ name: Span<UInt8>, _ address: UInt64, _ type: UInt8) -> UInt64 {
    var hash = (address ^ UInt64(type) << 48) &* 0x9e37_79b9_7f4a_7c15
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

  /// The trial of the reading path that it is.
  var trial: ReadingTrial {
    ReadingTrial(
      name: "kallsyms-against-memory",
      question: "does /proc/kallsyms say what the kernel's own tables of symbols say?", outcome: outcome,
      claim: "/proc/kallsyms", systemCalls: ["read"])
  }

  private var outcome: ReadingTrial.Outcome {
    switch comparison {
    case .same(let count): .held(detail: "\(count) symbols")
    case .untold(let withheld), .impossible(let withheld): .impossible(withheld)
    case .edited(let count, let missing, let strange):
      .broken(
        evidence: [("left out", missing), ("invented", strange)].filter { $0.1.count > 0 }.map { name, surplus in
          Finding.Evidence(
            name, .text(surplus.names.joined(separator: ", ") + (surplus.count > surplus.names.count ? " ..." : "")))
        } + [
          Finding.Evidence("meaning", "/proc/kallsyms is filtered, so that hooks are not found by name"),
          Finding.Evidence("afterwards", "the symbols of the kernel's own tables were used"),
        ],
        expected: "the \(count) symbols of the kernel's own tables, each with its address",
        observed: "\(missing.count) left out or changed, \(strange.count) that the tables do not have")
    }
  }
}
