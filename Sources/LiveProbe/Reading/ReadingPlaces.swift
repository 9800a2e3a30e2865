import KernelFormats
import KernelModel

/// Where the trials look: the headers of `/proc/kcore`, and the kernel's code and constants, elsewhere each time.
struct ReadingPlaces {
  /// The ELF header, and the program headers.
  let headers: [ReadingSpot]
  /// Pages of code and constants.
  let pages: [ReadingSpot]
  /// The first bytes of functions.
  let functions: [ReadingSpot]
  /// Pages that are read again in words, and pages of which the starts of functions are read again.
  let wordSpots: [SizeAgreement.Spot]
  /// Stretches that are read again in pages.
  let largeSpots: [SizeAgreement.Spot]

  private static var pageByteCount: Int { Int(Machine.pageSize) }
  private static let pageCount = 8
  /// How many of the pages are read in words: that is 512 reads each.
  private static let wordPageCount = 2
  private static let functionByteCount = 16
  private static let randomFunctionCount = 12

  /// Functions that rootkits like to change, and whose old bytes some give to whoever reads them.
  private static let likedFunctions = [
    "__x64_sys_getdents64", "__x64_sys_getdents", "__x64_sys_kill", "__x64_sys_read", "__x64_sys_pread64",
    "__x64_sys_bpf", "tcp4_seq_show", "udp4_seq_show", "tpacket_rcv", "filldir64", "vfs_read", "m_show", "s_show",
    "do_syslog", "copy_from_kernel_nofault", "find_task_by_vpid",
  ]

  init(_ kcore: ProcKcore, symbols: SymbolTable, reader: GuardedRead, reference: ReadingChannel) {
    headers = Self.headers(reader, reference)
    let page = Machine.pageSize
    let parts = [("_stext", "_etext"), ("__start_rodata", "__end_rodata")].compactMap { start, end -> MemoryRegion? in
      guard let start = LiveIdentity.address(of: start, in: symbols),
        let end = LiveIdentity.address(of: end, in: symbols), start < end
      else { return nil }
      return MemoryRegion(from: KernelAddress(Machine.pageEnd(start.rawValue)), to: end)
    }
    func spot(_ name: String, _ address: KernelAddress, _ count: Int) -> ReadingSpot? {
      kcore.fileOffset(of: address, count: count).map { ReadingSpot(name: name, offset: $0, count: count) }
    }
    pages = Self.randomPages(of: parts).compactMap { spot("the page at \($0)", $0, Self.pageByteCount) }
    let starts = Self.functions(in: parts.first, symbols)
    functions = starts.compactMap { spot("the start of \($0.name)", $0.address, Self.functionByteCount) }
    wordSpots =
      pages.prefix(Self.wordPageCount).map { .cut($0, into: 8) }
      + starts.compactMap { function in
        let base = function.address.pageStart
        let inPage = Int(function.address.rawValue - base.rawValue)
        guard inPage <= Self.pageByteCount - Self.functionByteCount,
          let whole = spot("the page of \(function.name)", base, Self.pageByteCount)
        else { return nil }
        return SizeAgreement.Spot(
          whole: whole, pieces: [inPage..<inPage + 16, inPage..<inPage + 8, inPage + 8..<inPage + 16])
      }
    largeSpots = parts.compactMap { part in
      let count = min(part.byteCount / page * page, UInt64(GuardedRead.mostBytes))
      guard count >= 2 * page, let start = part.start.advanced(by: Self.random(part.byteCount - count, aligned: page))
      else { return nil }
      return spot("the \(count >> 10) KiB at \(start)", start, Int(count)).map { .cut($0, into: Self.pageByteCount) }
    }
  }

  private static func headers(_ reader: GuardedRead, _ reference: ReadingChannel) -> [ReadingSpot] {
    let head = ReadingSpot(name: "the ELF header", offset: 0, count: CoreFileHeader.byteCount)
    guard let bytes = reader.read(reference, at: head.offset, count: head.count).bytes else { return [head] }
    do throws(CoreFileError) {
      let header = try CoreFileHeader.decode(bytes.span)
      let count = header.programHeaderCount * CoreFileSegment.byteCount
      return [
        head,
        ReadingSpot(
          name: "the program headers", offset: header.programHeaderOffset, count: min(count, GuardedRead.mostBytes)),
      ]
    } catch {
      return [head]  // what is there instead is compared all the same
    }
  }

  /// Whole pages, chosen at random, half of them in each part.
  private static func randomPages(of parts: [MemoryRegion]) -> [KernelAddress] {
    let page = Machine.pageSize
    guard !parts.isEmpty else { return [] }
    return (0..<pageCount).compactMap { number in
      let part = parts[number % parts.count]
      guard part.byteCount >= page else { return nil }
      return part.start.advanced(by: random(part.byteCount - page, aligned: page))
    }
  }

  /// A random multiple of `step`, `bound` at most.
  private static func random(_ bound: UInt64, aligned step: UInt64) -> UInt64 {
    UInt64.random(in: 0...bound / step) * step
  }

  private static func functions(in text: MemoryRegion?, _ symbols: SymbolTable) -> [Symbol] {
    var functions = likedFunctions.compactMap { name in
      symbols.symbols(named: name).first { $0.module == nil && $0.isText }
    }
    if let text, !text.isEmpty {
      for _ in 0..<randomFunctionCount {
        let place = text.start.advanced(by: UInt64.random(in: 0..<text.byteCount))
        if let symbol = place.flatMap({ symbols.nearest(atOrBelow: $0) }), symbol.module == nil, symbol.isText {
          functions.append(symbol)
        }
      }
    }
    return functions.filter { text?.contains($0.address) == true }
  }
}

/// A place of a file that trials read.
struct ReadingSpot: Hashable {
  /// What is there, in words.
  let name: String
  let offset: UInt64
  let count: Int
}
