internal import KernelFormats
package import KernelModel
package import KernelObjects

extension X86_64 {
  /// Those of interrupts, of exceptions that have one of their own, and of entries from user space.
  ///
  /// Source: arch/x86/kernel/dumpstack_64.c (Linux v5.10 to v7.2). `hardirq_stack_ptr` points behind the
  /// stack in v5.10, and at its top word in v6.1.
  package static func stacks(
    ofProcessor number: Int, _ perProcessor: PerProcessor, _ reader: Snapshot
  ) -> [StackArea] {
    var areas: [StackArea] = []
    let interruptByteCount: UInt64 = 16384  // IRQ_STACK_SIZE, arch/x86/include/asm/page_64_types.h
    if let top = perProcessor.word(["pcpu_hot.hardirq_stack_ptr", "hardirq_stack_ptr"], on: number) {
      let end = Machine.pageStart(top &+ 8)
      if let start = KernelAddress(end).retreated(by: interruptByteCount), start.isInKernelHalf {
        areas.append(StackArea(kind: .interrupt, region: MemoryRegion(start: start, byteCount: interruptByteCount)))
      }
    }
    if let exceptions = perProcessor.word(["cea_exception_stacks"], on: number),
      KernelAddress(exceptions).isInKernelHalf, let layout = reader.types.structure("cea_exception_stacks")
    {
      for name in ["DF", "NMI", "DB", "MCE", "VC", "VC2"] {
        guard let member = layout.member("\(name)_stack"), member.byteCount > 0 else { continue }
        areas.append(
          StackArea(
            kind: .exception(name),
            region: MemoryRegion(
              start: KernelAddress(exceptions &+ UInt64(member.byteOffset)), byteCount: UInt64(member.byteCount))))
      }
    }
    if let area = perProcessor.word(["cpu_entry_area"], on: number), KernelAddress(area).isInKernelHalf,
      let member = reader.types.structure("cpu_entry_area")?.member("entry_stack_page"), member.byteCount > 0
    {
      areas.append(
        StackArea(
          kind: .entry,
          region: MemoryRegion(
            start: KernelAddress(area &+ UInt64(member.byteOffset)), byteCount: UInt64(member.byteCount))))
    }
    return areas
  }
}
