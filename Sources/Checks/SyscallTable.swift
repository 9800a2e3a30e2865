package import KernelModel

internal import KernelFormats

/// Every entry of every system call table should lead to the function that the vendor's kernel puts there.
package struct SyscallTable: Check {
  package static let manual = Manual(
    id: "syscall-table",
    question: "Does every entry of every system call table point to the function that the vendor's kernel has there?",
    method: """
      Finds \(Machine.manualWords.tables): by name, by the reference in the \
      entry code, or by content. Derives the number of entries. For each entry it determines \
      the owner of the target and whether the target is the handler of that number: by the vendor's kernel image if \
      it can be read, otherwise by the kernel's own __syscall_meta__ records, otherwise by the numbers of the system \
      call ABI. Reads the entry code to tell whether the running kernel dispatches through the table at all.
      """,
    innocentCauses: [
      "an old security product or a tracing driver that replaces entries itself (Sophos talpa, Trend Micro "
        + "tmhook, tools like SystemTap): then the owner is a module that you installed",
      "Ksplice or another live patcher that rewrites entries",
    ],
    blindSpots: [
      "a hook inside a handler, or in the dispatcher \(SystemCallABI.all[0].dispatcher) that current kernels use "
        + "instead of the table: syscall-dispatch looks for these",
      "a kernel that lies to every reader of /proc/kcore",
      "without the vendor's image: an entry swapped for a handler whose own number is not known",
      "the size of a module is what it claims, so code hidden directly behind a listed module can be "
        + "attributed to that module",
    ],
    response: [
      "do not reboot and do not unload anything yet: the evidence is in memory only",
      "keep this report (liveprobe scan --format json) and, if possible, a memory image, on another machine",
      "disconnect the host from the network, but leave it powered",
      "if a module that you installed owns the code, ask its vendor; otherwise treat the host as "
        + "compromised and rebuild it from trusted media",
    ])

  package init() {}

  package func examine(_ kernel: Kernel) throws(CannotCheck) -> Examination {
    try kernel.requireKnownMachine()
    guard !kernel.symbols.addressesAreWithheld else { throw .symbolsWithheld }
    guard kernel.text != nil else { throw .symbolMissing("_stext and _etext") }
    let disassembler: Machine.Disassembler
    do throws(DisassemblerError) {
      disassembler = try Machine.Disassembler()
    } catch {
      throw .withheld(Withheld("the disassembler", why: "\(error)"))
    }
    var examination = Examination()
    let located = locateTables(in: kernel, disassembler: disassembler, into: &examination)
    let image = imagePointers(of: located.map(\.table), in: kernel)
    for (index, place) in located.enumerated() {
      do throws(CannotCheck) {
        let expectations = SlotExpectations(
          for: place.table, image: image.map { ($0.source, $0.pointers[index]) }, in: kernel)
        examination.expect(expectations.expectation)
        try judge(place.table, place.entryCode, expectations, in: kernel, into: &examination)
      } catch {
        examination.leaveUnanswered(Subject(place.table.abi.table), error)
      }
    }
    return examination
  }

  private typealias Located = (table: TableLocator.Table, entryCode: Machine.EntryCode)

  private func locateTables(
    in kernel: Kernel, disassembler: Machine.Disassembler, into examination: inout Examination
  ) -> [Located] {
    var located: [Located] = []
    for abi in SystemCallABI.all {
      let entryCode = Machine.EntryCode(of: abi, in: kernel, disassembler: disassembler)
      for fault in entryCode.faults { examination.leaveUnanswered(Subject("\(abi.table) dispatch"), fault) }
      do throws(CannotCheck) {
        if let table = try TableLocator(kernel: kernel, abi: abi, entryCode: entryCode).locate() {
          located.append((table, entryCode))
        } else {
          examination.remark("\(abi.table): this kernel has none")
          examination.note(Subject(abi.table), .text("absent"))
        }
      } catch {
        examination.leaveUnanswered(Subject(abi.table), error)
      }
    }
    return located
  }

  /// What the vendor's image holds where the tables are: asked for once, because the image is decompressed for it.
  private func imagePointers(
    of tables: [TableLocator.Table], in kernel: Kernel
  ) -> Result<ReferencePointers, Withheld> {
    let regions = tables.map { MemoryRegion(start: $0.address, byteCount: UInt64($0.entryCount) * 8) }
    do throws(Withheld) {
      let pointers = try kernel.reference.pointers(in: regions)
      guard pointers.pointers.count == regions.count else {
        throw Withheld(pointers.source, why: "does not hold every table")
      }
      return .success(pointers)
    } catch {
      return .failure(error)
    }
  }

  private func judge(
    _ table: TableLocator.Table, _ entryCode: Machine.EntryCode, _ expectations: SlotExpectations, in kernel: Kernel,
    into examination: inout Examination
  ) throws(CannotCheck) {
    let entries: [KernelAddress]
    do throws(MemoryFault) {
      entries = try kernel.memory.pointers(at: table.address, count: table.entryCount)
    } catch {
      throw .memoryUnreadable(error)
    }
    let abi = table.abi
    let dispatch = DispatchPath(of: table, entryCode: entryCode)
    examination.remark(
      "\(abi.table): \(table.entryCount) entries at \(table.address), found \(table.howFound), "
        + "counted \(table.howCounted)")
    examination.remark(dispatch.sentence)
    examination.note(Subject(abi.table), .count(UInt64(table.entryCount)))
    examination.note(Subject("\(abi.table) dispatch"), .text(dispatch.fact))
    if let finding = dispatch.finding(in: kernel) { examination.report(finding) }
    let judge = SlotJudge(kernel: kernel, abi: abi, expectations: expectations)
    let labels = Dictionary(abi.numbers.map { ($0.number, $0.name) }, uniquingKeysWith: { first, _ in first })
    var unproven = UnprovenHandlers()
    for (number, entry) in entries.enumerated() {
      let subject = Subject(abi.table, index: number, label: labels[number])
      switch judge.judge(entry, at: number, by: .table) {
      case .right(let handler):
        examination.note(subject, .place(Place(symbol: handler)))
      case .unproven(let place): unproven.add(number, place)
      case .wrong(let fault):
        examination.note(subject, .text("not the expected handler"))
        let meaning = dispatch.meaning(call: subject.label ?? "number \(number)")
        examination.report(
          SlotFinding(
            kind: .systemCallEntry, subject: subject, entry: entry, fault: fault, meaning: meaning, kernel: kernel,
            call: subject.label ?? "number \(number)", place: table.address.advanced(by: UInt64(number) * 8)
          ).finding)
      }
    }
    unproven.leaveUnanswered(of: abi.table, labels, into: &examination)
  }
}
