internal import KernelFormats
internal import KernelModel

/// Direct branches that leave the kernel's code for unowned executable memory: all that can be told of text
/// without the vendor's image.
struct OutgoingBranches {
  private let kernel: Kernel

  private static let chunk: UInt64 = 1 << 20
  private static let mostFindings = 64

  init(_ kernel: Kernel) {
    self.kernel = kernel
  }

  /// - Throws: if kallsyms does not bound the code.
  func examine(into examination: inout Examination) throws(CannotCheck) {
    guard !kernel.symbols.addressesAreWithheld else { throw .symbolsWithheld }
    guard let text = kernel.text else { throw .symbolMissing("_stext and _etext") }
    var leaving = 0
    var found: [KernelAddress: KernelAddress] = [:]
    var position = text.start
    while let end = text.end, position < end {
      let count = min(Self.chunk, end.offset(from: position) ?? 0)
      do throws(MemoryFault) {
        let bytes = try kernel.memory.bytes(at: position, count: Int(count))
        leaving += scan(bytes, at: position, text: text, into: &found)
      } catch {
        examination.leaveUnanswered(Subject("kernel text"), .memoryUnreadable(error))
      }
      guard let next = position.advanced(by: count) else { break }
      position = next
    }
    examination.remark("without the vendor's image: \(leaving) direct branches leave the kernel's code")
    for (address, target) in found.sorted(by: { $0.key < $1.key }).prefix(Self.mostFindings) {
      examination.report(finding(at: address, target: target))
    }
  }

  private func scan(
    _ bytes: [UInt8], at start: KernelAddress, text: MemoryRegion, into found: inout [KernelAddress: KernelAddress]
  ) -> Int {
    var leaving = 0
    FarBranches.forEach(in: bytes, at: start.rawValue) { place, target in
      guard !text.contains(KernelAddress(target)) else { return }
      leaving += 1
      judge(KernelAddress(place), KernelAddress(target), into: &found)
    }
    return leaving
  }

  /// A branch counts only if it leads to executable memory, mapped now, that nobody owns: whatever else a wrong
  /// decoding may make of data, it does not make that.
  private func judge(
    _ address: KernelAddress, _ target: KernelAddress, into found: inout [KernelAddress: KernelAddress]
  ) {
    guard found.count < Self.mostFindings, case .nobody(.mapped(let page)) = kernel.owner(of: target),
      page.isExecutable
    else { return }
    found[address] = target
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
