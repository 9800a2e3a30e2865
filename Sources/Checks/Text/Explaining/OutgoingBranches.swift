internal import KernelFormats
internal import KernelModel

/// Direct branches that leave the kernel's code for unowned executable memory: all that can be told of text
/// without the vendor's image.
struct OutgoingBranches {
  private let kernel: Kernel

  private static let chunk: UInt64 = 1 << 20
  private static let mostFindings = 64
  /// Bytes at most from the symbol before a branch to the branch: a function is rarely longer.
  private static let mostDecoded: UInt64 = 1 << 16
  /// Bytes at most that are decoded in all: an honest kernel has some hundred thousand, and a few megabytes while functions are
  /// traced.
  private static let mostDecodedInAll: UInt64 = 1 << 28

  init(_ kernel: Kernel) {
    self.kernel = kernel
  }

  /// - Throws: if kallsyms does not bound the code.
  func examine(into examination: inout Examination) throws(CannotCheck) {
    guard !kernel.symbols.addressesAreWithheld else { throw .symbolsWithheld }
    guard let text = kernel.text, let textEnd = text.end else { throw .symbolMissing("_stext and _etext") }
    let outside = try executable(outside: text)
    var leaving: [(place: KernelAddress, target: KernelAddress)] = []
    var decoded: UInt64 = 0
    var position = text.start
    while position < textEnd {
      // What begins in this chunk and ends in the next.
      let count = min(Self.chunk + UInt64(Machine.InstructionShape.mostBytes), textEnd.offset(from: position) ?? 0)
      do throws(MemoryFault) {
        let bytes = try kernel.memory.bytes(at: position, count: Int(count))
        leaving += branches(in: bytes, at: position, from: text, to: outside, &decoded)
      } catch {
        examination.leaveUnanswered(Subject("kernel text"), .memoryUnreadable(error))
      }
      guard let next = position.advanced(by: Self.chunk) else { break }
      position = next
    }
    if decoded >= Self.mostDecodedInAll {
      examination.leaveUnanswered(
        Subject("kernel text"), .implausible("the kernel's code", "is full of what looks like branches out of it"))
    }
    examination.remark(
      "without the vendor's image: of the kernel's code, only direct branches to other executable memory were looked for; "
        + "there are \(leaving.count)")
    report(leaving, into: &examination)
  }

  /// What may be a branch out of the code: where its distance stands, and where that leads.
  private struct Candidate {
    let distance: UInt64
    let target: UInt64
  }

  /// Addresses of executable memory that is no code of the kernel's own, ascending.
  private func executable(outside text: MemoryRegion) throws(CannotCheck) -> [Range<UInt64>] {
    let (textStart, textEnd) = (text.start.rawValue, text.end?.rawValue ?? .max)
    return try kernel.mappings.executablePages().map(\.region).runs().flatMap { run -> [Range<UInt64>] in
      let run = run.start.rawValue..<(run.end?.rawValue ?? .max)
      return [run.clamped(to: 0..<textStart), run.clamped(to: textEnd..<UInt64.max)].filter { !$0.isEmpty }
    }
  }

  /// The branches from `text` to `outside` whose distance stands in the chunk at `start`.
  private func branches(
    in bytes: [UInt8], at start: KernelAddress, from text: MemoryRegion, to outside: [Range<UInt64>],
    _ decoded: inout UInt64
  ) -> [(place: KernelAddress, target: KernelAddress)] {
    let end = start.rawValue &+ Self.chunk
    var candidates: [Candidate] = []
    FarBranches.forEachPossible(in: bytes, at: start.rawValue) { target in
      if text.contains(KernelAddress(target)) { return false }  // nearly all
      let next = outside.partitionPoint { $0.upperBound > target }
      return next < outside.count && outside[next].contains(target)
    } _: { distance, target in
      if distance < end { candidates.append(Candidate(distance: distance, target: target)) }
    }
    return candidates.compactMap { candidate in
      place(of: candidate, bytes, at: start, &decoded).map { (KernelAddress($0), KernelAddress(candidate.target)) }
    }
  }

  /// Where the branch begins, if there is one when the code is decoded from the symbol before it on.
  private func place(of candidate: Candidate, _ chunk: [UInt8], at chunkStart: KernelAddress, _ decoded: inout UInt64)
    -> UInt64?
  {
    guard decoded < Self.mostDecodedInAll else { return nil }
    let distance = candidate.distance
    guard let symbol = kernel.symbols.nearest(atOrBelow: KernelAddress(distance &- 1)) else { return nil }
    let start = max(symbol.address.rawValue, distance &- min(distance, Self.mostDecoded))
    let count = Int(distance - start) + 4
    decoded += UInt64(count)
    let bytes: [UInt8]
    if start >= chunkStart.rawValue {
      let offset = Int(start - chunkStart.rawValue)
      bytes = Array(chunk[offset..<min(offset + count, chunk.count)])
    } else {
      // What cannot be read a second time was told of when it was read first.
      guard let read = try? kernel.memory.bytes(at: KernelAddress(start), count: count) else { return nil }
      bytes = read
    }
    var place: UInt64?
    FarBranches.forEach(in: bytes, at: start) { address, target in
      if distance - min(distance, UInt64(Machine.InstructionShape.mostBytes)) <= address, address < distance,
        target == candidate.target
      {
        place = address
      }
    }
    return place
  }

  /// A branch counts only if it leads to executable memory, mapped now, that nobody owns: whatever else a wrong
  /// decoding may make of data, it does not make that.
  private func report(
    _ leaving: [(place: KernelAddress, target: KernelAddress)], into examination: inout Examination
  ) {
    var unowned: [KernelAddress: Bool] = [:]
    var count = 0
    for (place, target) in leaving {
      let isUnowned = unowned[target] ?? isUnowned(target)
      unowned[target] = isUnowned
      guard isUnowned else { continue }
      examination.report(finding(at: place, target: target))
      count += 1
      if count == Self.mostFindings { return }
    }
  }

  private func isUnowned(_ target: KernelAddress) -> Bool {
    guard case .nobody(.mapped(let page)) = kernel.owner(of: target) else { return false }
    return page.isExecutable
  }

  private func finding(at address: KernelAddress, target: KernelAddress) -> Finding {
    let owner = kernel.owner(of: target)
    return Finding(
      kind: .redirection, severity: .critical,
      subject: Subject(kernel.owner(of: address).place?.description ?? address.description),
      message: "a direct branch leaves the kernel's code for unowned executable memory",
      expected: "a branch within the kernel's code, or to a listed module, trampoline or program",
      observed: "\(target, owner)", owner: owner, target: target,
      effects: [.init(.redirects, kernel.owner(of: address).place?.description ?? address.description)],
      places: [MemoryRegion(start: address, byteCount: 5)], proof: .ownership,
      meaning: "whoever runs this function runs that code")
  }
}
