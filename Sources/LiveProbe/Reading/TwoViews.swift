import Glibc
import KernelFormats
import KernelModel

/// Whether memory that is mapped twice reads the same both ways: where the kernel uses it, and in the direct map of all
/// memory; the one through the channel that everything is read through, the other through another.
///
/// Code that edits the answers of one system call has no part in the other channel's.
/// Code that answers reads of certain addresses with bytes that are not there knows the addresses by which the kernel's
/// functions are called. And memory of modules that is in the page tables and of which the kernel's list of areas does not
/// know reads as zeros (`vread`, mm/vmalloc.c, Linux v5.10 to v7.2).
struct TwoViews {
  /// What was read differently.
  private struct Difference {
    var address: KernelAddress
    var plain: Finding.Bytes
    var direct: Finding.Bytes
  }

  private let kcore: ProcKcore
  private let other: ProcKcore
  private let mappings: any KernelMappings
  private let wait: () -> Void
  /// What came of it, for the kernel's image and for modules.
  private(set) var trials: [ReadingTrial] = []
  /// What was found to answer otherwise: one of the channels, one of the views.
  private var liars = (channel: false, view: false)
  /// Kernel memory; where one of its views was found to be edited, read by the other.
  private(set) var honestMemory: any KernelMemory

  /// How often a difference must be seen: code is patched while it is read.
  private static let rounds = 3
  /// Bytes compared at once.
  private static let chunk = 256 << 10
  /// Places reported of all that differ.
  private static let mostDifferences = 16
  /// Pages that are told as memory that reads differently.
  private static let mostPlaces = 1024
  /// Bytes kept of each, from the first that differs: all pages of the kernel may.
  private static let mostBytes = 256

  /// Compares all of it.
  ///
  /// - Parameters:
  ///   - kcore: through the channel that everything is read through.
  ///   - other: through another one, or the same if there is none.
  ///   - wait: lets the kernel go on for a moment.
  init(
    _ kcore: ProcKcore, _ other: ProcKcore, _ mappings: any KernelMappings, _ symbols: SymbolTable,
    wait: @escaping () -> Void
  ) {
    self.kcore = kcore
    self.other = other
    self.mappings = mappings
    self.wait = wait
    honestMemory = kcore
    let imageEnd = LiveIdentity.address(of: "_end", in: symbols)
    var edited: [MemoryRegion] = []
    let image = image(symbols)
    if image.isBroken, let segment = kcore.imageSegment { edited.append(segment.memory) }
    trials.append(image)
    if let imageEnd {
      let space = Machine.moduleSpace(above: imageEnd)
      let modules = modules(in: space)
      if modules.isBroken { edited.append(space) }
      trials.append(modules)
    }
    guard !edited.isEmpty else { return }
    // Which of the two was it: the channel, or the view?
    let honest = liars.channel ? other : kcore
    honestMemory = liars.view ? RedirectedMemory(honest, mappings, regions: edited) : honest
    var remarks: [String] = []
    if liars.channel { remarks.append("everything else was read through \(other.channel.rawValue)") }
    if liars.view { remarks.append("what lies there was read through the map of all memory") }
    trials = trials.map { trial in
      remarks.reduce(trial) { $0.isBroken ? $0.remarking($1) : $0 }
    }
  }

  // MARK: The kernel's image

  /// The kernel's code and constants, up to `__end_rodata`.
  private mutating func image(_ symbols: SymbolTable) -> ReadingTrial {
    let name = "image-against-direct-map"
    let question = "Do the kernel's code and constants read the same where they are used and in the map of all memory?"
    func trial(_ outcome: ReadingTrial.Outcome, at places: [MemoryRegion] = []) -> ReadingTrial {
      ReadingTrial(
        name: name, question: question, outcome: outcome, systemCalls: KcoreChannel.systemCalls, places: places)
    }
    // What lies between the two, and behind, was given back while the kernel booted: free_kernel_image_pages() in
    // arch/x86/mm/init.c (Linux v6.1).
    let bounds = [("_stext", "_etext"), ("__start_rodata", "__end_rodata")].compactMap { start, end in
      LiveIdentity.address(of: start, in: symbols).flatMap { start in
        LiveIdentity.address(of: end, in: symbols).map { MemoryRegion(from: start, to: $0) }
      }
    }.filter { !$0.isEmpty && $0.byteCount <= 1 << 30 }
    guard let first = bounds.first else {
      return trial(.impossible(Withheld("the kernel's image", why: "/proc/kallsyms does not bound it")))
    }
    guard kcore.physicalAddress(ofImage: first.start) != nil else {
      return trial(.impossible(Withheld("the kernel's image", why: "/proc/kcore has no segment of it")))
    }
    let pages = bounds.flatMap { region in
      stride(from: UInt64(0), to: region.byteCount, by: Self.chunk).compactMap { offset -> Pair? in
        guard let plain = region.start.advanced(by: offset), let physical = kcore.physicalAddress(ofImage: plain),
          let direct = kcore.directMap(physical)
        else { return nil }
        return Pair(
          plain: plain, direct: direct, count: Int(min(UInt64(Self.chunk), region.byteCount - offset)),
          mustBeSame: true, isImage: true)
      }
    }
    let (outcome, places) = outcome(of: pages, what: "code and constants") { true }
    return trial(outcome, at: places)
  }

  // MARK: Modules

  /// All pages where modules lie: what cannot be written must read the same; the rest changes, but is not zeros.
  private mutating func modules(in space: MemoryRegion) -> ReadingTrial {
    let name = "modules-against-direct-map"
    let question = "Does the memory of modules read the same where it is used and in the map of all memory?"
    let mappings = mappings
    let pages: [Page]
    do throws(CannotCheck) {
      pages = try mappings.pages(in: space)
    } catch {
      return ReadingTrial(
        name: name, question: question, outcome: .impossible(Withheld("the memory of modules", why: "\(error)")))
    }
    guard !pages.isEmpty else {
      return ReadingTrial(name: name, question: question, outcome: .held(detail: "no module is in memory"))
    }
    var pairs: [Pair] = []
    for page in pages {
      guard let direct = kcore.directMap(page.physicalAddress) else { continue }
      let pair = Pair(
        plain: page.region.start, direct: direct, count: Int(page.region.byteCount), mustBeSame: !page.isWritable)
      if let last = pairs.last, last.continues(with: pair), last.count + pair.count <= Self.chunk {
        pairs[pairs.count - 1].count += pair.count
      } else {
        pairs.append(pair)
      }
    }
    // A module that was unloaded meanwhile left its bytes in pages that are nobody's.
    var known = Set(pages)
    let (outcome, places) = outcome(of: pairs, what: "memory of modules") {
      guard let now = try? mappings.pages(in: space) else { return false }
      known.formIntersection(now)
      return true
    } isStillThere: { address in
      known.contains { $0.region.contains(address) }
    }
    return ReadingTrial(
      name: name, question: question, outcome: outcome, systemCalls: KcoreChannel.systemCalls, places: places)
  }

  // MARK: Comparing

  /// One piece of memory, both ways.
  private struct Pair {
    var plain: KernelAddress
    var direct: KernelAddress
    var count: Int
    /// Whether nobody may write to it.
    var mustBeSame: Bool
    /// Whether it is the kernel's own, which is always in the map of all memory.
    var isImage = false

    func contains(_ address: KernelAddress) -> Bool {
      MemoryRegion(start: plain, byteCount: UInt64(count)).contains(address)
    }

    func continues(with next: Pair) -> Bool {
      mustBeSame == next.mustBeSame && plain.advanced(by: UInt64(count)) == next.plain
        && direct.advanced(by: UInt64(count)) == next.direct
    }
  }

  /// What comes of it, and the pages that read differently.
  ///
  /// - Parameters:
  ///   - lookAgain: called after each round in which something differed; false if it cannot be told what is still there.
  ///   - isStillThere: whether what differed is mapped as it was.
  private mutating func outcome(
    of pairs: [Pair], what: String, lookAgain: () -> Bool, isStillThere: (KernelAddress) -> Bool = { _ in true }
  ) -> (outcome: ReadingTrial.Outcome, places: [MemoryRegion]) {
    guard !pairs.isEmpty else {
      return (.impossible(Withheld(what, why: "the map of all memory does not have it")), [])
    }
    let room = pairs.map(\.count).max() ?? 0
    let buffers = (plain: ReadBuffer(byteCount: room), direct: ReadBuffer(byteCount: room))
    var open = pairs
    var differences: [Difference] = []
    for round in 0..<Self.rounds {
      if round > 0 { wait() }
      differences = []
      open = open.filter { pair in
        let found = compare(pair, buffers)
        differences += found
        return !found.isEmpty
      }
      if open.isEmpty { break }
      guard lookAgain() else {
        return (.impossible(Withheld(what, why: "the page tables could not be read a second time")), [])
      }
      differences.removeAll { !isStillThere($0.address) }
      open.removeAll { pair in !differences.contains { pair.contains($0.address) } }
    }
    guard !differences.isEmpty else {
      let bytes = pairs.reduce(0) { $0 + $1.count }
      return (
        .held(detail: "\(bytes >> 10) KiB of \(what), through \(kcore.channel.rawValue) and \(other.channel.rawValue)"),
        []
      )
    }
    blame(open)
    let shown = differences.prefix(Self.mostDifferences).map {
      Finding.Evidence(
        "\($0.address)",
        "\(start: $0.plain) where it is used (\(kcore.channel.rawValue)), "
          + "\(start: $0.direct) in the direct map (\(other.channel.rawValue))")
    }
    let outcome = ReadingTrial.Outcome.broken(
      evidence: Array(shown), expected: "the same bytes both ways",
      observed: "other bytes in \(differences.count) pages of \(what), each of \(Self.rounds) times")
    let pages = differences.prefix(Self.mostPlaces).map {
      MemoryRegion(start: KernelAddress(Machine.pageStart($0.address.rawValue)), byteCount: Machine.pageSize)
    }
    return (outcome, Array(pages))
  }

  /// The pages of `pair` that read differently, each from its first differing byte on.
  private func compare(_ pair: Pair, _ buffers: (plain: ReadBuffer, direct: ReadBuffer)) -> [Difference] {
    // What cannot be read one of the ways was given back, or is for others to report.
    guard let plain = buffers.plain.filled(from: kcore, at: pair.plain, count: pair.count),
      let direct = buffers.direct.filled(from: other, at: pair.direct, count: pair.count),
      let plainStart = plain.baseAddress, let directStart = direct.baseAddress,
      memcmp(plainStart, directStart, pair.count) != 0
    else { return [] }
    let pageByteCount = Int(Machine.pageSize)
    return stride(from: 0, to: pair.count, by: pageByteCount).compactMap { start in
      let end = min(start + pageByteCount, pair.count)
      guard memcmp(plainStart + start, directStart + start, end - start) != 0,
        pair.mustBeSame || plain[start..<end].allSatisfy({ $0 == 0 }),
        // The kernel may take memory for code out of the map of all memory, which then reads as zeros:
        // execmem_set_direct_map_valid() in mm/execmem.c (Linux v7.2).
        pair.isImage || !direct[start..<end].allSatisfy({ $0 == 0 }),
        let first = (start..<end).first(where: { plain[$0] != direct[$0] }),
        let address = pair.plain.advanced(by: UInt64(first))
      else { return nil }
      func bytes(_ buffer: UnsafeRawBufferPointer) -> Finding.Bytes {
        Finding.Bytes(buffer[first..<min(first + Self.mostBytes, end)], of: end - first)
      }
      return Difference(address: address, plain: bytes(plain), direct: bytes(direct))
    }
  }

  /// Finds out what answers otherwise, by reading each way through each channel.
  private mutating func blame(_ pairs: [Pair]) {
    for pair in pairs {
      let answers = [(kcore, pair.plain), (other, pair.plain), (kcore, pair.direct), (other, pair.direct)].map {
        try? $0.0.bytes(at: $0.1, count: pair.count)
      }
      liars.channel = liars.channel || answers[0] != answers[1] || answers[2] != answers[3]
      liars.view = liars.view || answers[1] != answers[3]
    }
  }
}
