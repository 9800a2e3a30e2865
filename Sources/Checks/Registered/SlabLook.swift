internal import KernelModel
internal import KernelObjects

/// What objects in the kernel's slabs lead to, at one moment: of each cache whose name tells what its objects are.
struct SlabLook {
  /// A word that leads astray.
  struct Lead: Hashable {
    /// Of the object, or of the table that the object's word leads to.
    let word: RegisteredWord
    let object: UInt64
    let slab: Slab
    let cache: String
    /// Whether other kinds of objects may be in that cache.
    let isMerged: Bool
    /// Whether it leads into the middle of a function.
    let isInsideFunction: Bool

    static func == (left: Self, right: Self) -> Bool { left.word == right.word }

    func hash(into hasher: inout Hasher) { hasher.combine(word) }
  }

  /// A member of a cache's objects that leads to others' code than the kernel's own.
  struct Member: Hashable {
    let cache: String
    let field: String
    let standing: SlabJudge.Standing
  }

  /// How much was looked at, in bytes of slabs but for what says otherwise.
  struct Coverage {
    var total: UInt64 = 0
    /// By the type of the objects.
    var typed: UInt64 = 0
    /// Whose type has no pointers to code.
    var plain: UInt64 = 0
    /// Whose type is not known.
    var untyped: UInt64 = 0
    /// Left out, because the limit was reached.
    var cut: UInt64 = 0
    /// Objects in use whose words were looked at.
    var objects = 0
    var structures: Set<String> = []
    var caches: Set<UInt64> = []
  }

  private(set) var coverage = Coverage()
  /// Words that were looked at, by where they lead, and by their cache.
  private(set) var counts: [SlabJudge.Standing: Int] = [:]
  private(set) var wordsOfCaches: [String: Int] = [:]
  private(set) var leads: [Lead] = []
  /// Of each such member the first function, the first object, and how many objects there are.
  private(set) var foreign: [Member: (callee: UInt64, object: UInt64, count: Int)] = [:]
  /// Words of objects whose type is not certain that hold an address in executable memory that nobody owns: how many of which cache, and
  /// where the first is.
  private(set) var addresses: [String: (count: Int, first: UInt64)] = [:]
  /// Why some could not be looked at; nil if all could.
  private(set) var obstacle: CannotCheck?

  private static let mostLeads = 4096

  private let scan: SlabScan
  private let memory: any KernelMemory
  private let judge: SlabJudge
  private let lists: ProcessorSlabs
  private var slots: [UInt64: [SlabJudge.Slot]] = [:]
  /// Tables that lead astray, and functions, by cache: each is told once.
  private var told: Set<RegisteredWord> = []

  private init(_ scan: SlabScan) throws(CannotCheck) {
    self.scan = scan
    memory = scan.kernel.memory.fresh
    judge = scan.judge()
    lists = try ProcessorSlabs(judge.snapshot, of: scan.caches.byAddress.values.filter { $0.type != nil })
  }

  /// Looks at all slabs, of those that are read up to a limit in bytes.
  static func all(of scan: SlabScan, limit: UInt64) throws(CannotCheck) -> SlabLook {
    var look = try SlabLook(scan)
    look.obstacle = scan.caches.obstacle
    let memory = look.memory
    for run in try scan.records.runs(scan.kernel.mappings) {
      let fault = scan.records.eachSlab(in: run, of: scan.caches.byAddress, memory) { look.take($0, limit: limit) }
      if let fault { look.obstacle = look.obstacle ?? .memoryUnreadable(fault) }
    }
    return look
  }

  /// Looks again at some slabs, as far as they still are.
  static func again(at slabs: Set<Slab>, of scan: SlabScan) throws(CannotCheck) -> SlabLook {
    var look = try SlabLook(scan)
    for old in slabs {
      guard let slab = scan.records.slab(at: old.record, of: scan.caches.byAddress, look.memory) else { continue }
      look.take(slab, limit: .max)
    }
    return look
  }

  private mutating func take(_ slab: Slab, limit: UInt64) {
    guard let cache = scan.caches.byAddress[slab.cache] else { return }
    let byteCount = UInt64(cache.byteCount(of: slab))
    coverage.total += byteCount
    coverage.caches.insert(cache.address)
    let slots = slots(of: cache)
    let seeksAddresses = !cache.typeIsCertain && !scan.unowned.isEmpty
    guard !slots.isEmpty || seeksAddresses else {
      if cache.type == nil { coverage.untyped += byteCount } else { coverage.plain += byteCount }
      return
    }
    guard coverage.typed + (seeksAddresses ? coverage.untyped : 0) + byteCount <= limit else {
      coverage.cut += byteCount
      return
    }
    let bytes: [UInt8]
    do throws(MemoryFault) {
      bytes = try memory.bytes(at: KernelAddress(slab.address), count: Int(byteCount))
    } catch {
      obstacle = obstacle ?? .memoryUnreadable(error)
      return
    }
    if seeksAddresses { seek(in: bytes, cache, slab) }
    guard !slots.isEmpty else {
      coverage.untyped += byteCount
      return
    }
    coverage.typed += byteCount
    coverage.structures.insert(cache.type?.name ?? "")
    let free = cache.freeObjects(of: slab, bytes, others: lists.lists[slab.record] ?? [])
    for index in 0..<slab.objectCount where free?[index] != true {
      coverage.objects += 1
      look(at: index, of: slab, bytes, cache, slots, isInUse: free != nil)
    }
  }

  private mutating func slots(of cache: SlabCache) -> [SlabJudge.Slot] {
    if let known = slots[cache.address] { return known }
    let found = cache.type.map { judge.slots(of: $0, within: cache.objectByteCount) } ?? []
    slots[cache.address] = found
    return found
  }

  private mutating func look(
    at index: Int, of slab: Slab, _ bytes: [UInt8], _ cache: SlabCache, _ slots: [SlabJudge.Slot], isInUse: Bool
  ) {
    let start = index * cache.stride + cache.padding
    var count = 0
    for slot in slots {
      // Signal handlers of programs are functions by their type, and none of the kernel's.
      guard let value = bytes.word(at: start + slot.offset), Machine.kernelHalf <= KernelAddress(value),
        slot.isInUse(bytes, start)
      else { continue }
      count += 1
      let (standing, deciding) = judge.judge(value, slot)
      counts[standing, default: 0] += 1
      let object = slab.address &+ UInt64(start)
      let field = "\(cache.type?.name ?? "").\(slot.path)"
      switch standing {
      case .module, .generated:
        let member = Member(cache: cache.name, field: field, standing: standing)
        foreign[member, default: (deciding?.value ?? value, object, 0)].count += 1
        continue
      case .unowned: break
      case .insideFunction where isInUse && cache.typeIsCertain && scan.memoryIsZeroed: break
      default: continue
      }
      guard leads.count < Self.mostLeads else { continue }
      let own = RegisteredWord(place: object &+ UInt64(slot.offset), value: value, field: field)
      let word =
        deciding.map { RegisteredWord(place: $0.place, value: $0.value, field: "\(field), \($0.field)") } ?? own
      guard told.insert(word).inserted else { continue }
      leads.append(
        Lead(
          word: word, object: object, slab: slab, cache: cache.name, isMerged: !cache.typeIsCertain,
          isInsideFunction: standing == .insideFunction))
    }
    if count > 0 { wordsOfCaches[cache.name, default: 0] += count }
  }

  private mutating func seek(in bytes: [UInt8], _ cache: SlabCache, _ slab: Slab) {
    for offset in stride(from: 0, to: bytes.count - 7, by: 8) {
      guard let value = bytes.word(at: offset), judge.isUnowned(value) else { continue }
      addresses[cache.name, default: (0, slab.address &+ UInt64(offset))].count += 1
    }
  }
}
