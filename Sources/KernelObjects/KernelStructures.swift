package import KernelFormats
package import KernelModel

/// By what names and layouts the running kernel's structures are read: those of the vendor's image, or, where there is
/// none, what the kernel says of itself.
package final class KernelStructures {
  /// At the moment of the acquisition.
  package let reader: Snapshot
  /// Live addresses of the kernel's code, `_text` up to `_etext`.
  package let text: Range<UInt64>
  /// What was relied on.
  package let expectation: Expectation
  /// Whether only the few layouts are known that memory itself shows.
  package let areInferred: Bool
  /// What memory itself shows of modules, if that is so.
  package private(set) var inferredModules: [BTF.Outline] = []
  private let kernel: Kernel

  /// - Throws: if neither the vendor's image nor the kernel itself says how its structures are laid out.
  fileprivate init(_ kernel: Kernel) throws(CannotCheck) {
    self.kernel = kernel
    let subject = "the kernel's structures"
    let obstacle: CannotCheck
    do throws(CannotCheck) {
      let vendor = try kernel.vendorImage
      reader = Snapshot(symbols: vendor.symbols, types: try vendor.types, live: LivePages(kernel.memory))
      text = vendor.text
      areInferred = false
      expectation = Expectation(subject: subject, rung: .vendorImage, source: vendor.source, whyNotBetter: [])
      return
    } catch {
      obstacle = error
    }
    let symbols = try Self.symbols(of: kernel)
    guard let start = symbols["_text"], let end = symbols["_etext"], start < end else { throw obstacle }
    let types: BTF
    do throws(CannotCheck) {
      types = try Self.typesInMemory(kernel, symbols)
    } catch {
      // The image of the very kernel that runs says more than that no symbol names the section, or any data.
      guard case .withheld(let withheld) = obstacle, withheld.isNotBuilt else { throw error }
      switch error {
      case .symbolMissing, .withheld: throw obstacle
      default: throw error
      }
    }
    reader = Snapshot(symbols: symbols, types: KernelTypes(types), live: LivePages(kernel.memory))
    text = start..<end
    areInferred = false
    expectation = Expectation(
      subject: subject, rung: .kernelRecords,
      source: kernel.isRunning
        ? "/proc/kallsyms and the types in the kernel's memory" : "the symbols and types in the kernel's memory",
      whyNotBetter: ["the vendor's image: \(obstacle)"])
  }

  /// By the layouts that memory itself shows.
  ///
  /// - Parameter obstacle: why there are no others.
  /// - Throws: that, if they cannot take its place.
  fileprivate init(_ kernel: Kernel, lacking obstacle: CannotCheck) throws(CannotCheck) {
    guard case .withheld(let withheld) = obstacle, withheld.isNotBuilt else { throw obstacle }
    self.kernel = kernel
    areInferred = true
    let symbols: SymbolIndex
    let names: String
    if let vendor = try? kernel.vendorImage {
      symbols = vendor.symbols
      text = vendor.text
      names = vendor.source
    } else {
      symbols = try Self.symbols(of: kernel)
      guard let start = symbols["_text"], let end = symbols["_etext"], start < end else { throw obstacle }
      text = start..<end
      names = kernel.isRunning ? "/proc/kallsyms" : "the kernel's own symbols"
    }
    let layouts = try InferredLayouts(kernel, lacking: obstacle, symbols: symbols, text: text)
    inferredModules = layouts.modules
    reader = Snapshot(symbols: symbols, types: layouts.types, live: LivePages(kernel.memory))
    expectation = Expectation(
      subject: "the kernel's structures", rung: .kernelRecords, source: "\(names), and layouts inferred from memory",
      whyNotBetter: ["\(obstacle)"])
  }

  /// What the kernel names itself, and what was brought besides where that is code alone.
  private static func symbols(of kernel: Kernel) throws(CannotCheck) -> SymbolIndex {
    let own = SymbolIndex(of: kernel)
    guard kernel.symbolsAreWhole, !kernel.symbols.namesData, let offset = try? kernel.identity.kaslrOffset.get(),
      let completed = try BroughtNames(kernel).symbols(completing: kernel.symbols, movedBy: offset)
    else { return own }
    return own.completed(by: completed.0)
  }

  /// What `attempt` reads of the kernel as it is now.
  ///
  /// - Parameter attempts: where processes begin and end by the hundred, several walks along them in a row may be cut.
  package func now<Value>(
    attempts: Int = 12, _ attempt: (Snapshot) throws(CannotCheck) -> Value
  ) throws(CannotCheck) -> Value {
    try kernel.steadily(reading: kernel.memory.fresh, attempts: attempts) {
      (memory: any KernelMemory) throws(CannotCheck) -> Value in
      try attempt(reader.reading(memory))
    }
  }

  /// Type information of a kernel is some megabytes.
  private static let mostTypeBytes: UInt64 = 64 << 20

  /// The section that the kernel keeps in memory for BPF.
  ///
  /// Source: `__start_BTF`, `__stop_BTF` in include/asm-generic/vmlinux.lds.h (Linux v5.10 to v7.2).
  private static func typesInMemory(_ kernel: Kernel, _ symbols: SymbolIndex) throws(CannotCheck) -> BTF {
    guard let start = symbols["__start_BTF"], let end = symbols["__stop_BTF"], start < end else {
      guard kernel.symbolsAreWhole else { throw .symbolMissing("__start_BTF") }
      guard symbols.namesData else {
        throw .withheld(
          Withheld(
            KernelTypes.subject,
            why: "this kernel's own symbols name no data (CONFIG_KALLSYMS_ALL), its type information among it",
            remedy: "give the vendor's kernel image with --reference, and beside it the System.map of this build or "
              + "its vmlinux with debugging information (DWARF)"))
      }
      throw .withheld(KernelTypes.notBuilt("its own symbols name none"))
    }
    guard end - start <= mostTypeBytes else {
      throw .implausible("the kernel's type information", "is \(end - start) bytes long")
    }
    let contents: VendorObject.Contents
    do throws(MemoryFault) {
      contents = try VendorObject.Contents(byteCount: Int(end - start)) { (bytes) throws(MemoryFault) in
        try kernel.memory.read(at: KernelAddress(start), into: &bytes)
      }
    } catch {
      throw .memoryUnreadable(error)
    }
    do throws(BTFError) {
      return try BTF(contents.bytes, owner: contents)
    } catch {
      throw .implausible("the kernel's type information in memory", "\(error)")
    }
  }
}

extension Kernel {
  private static let structuresMember = Workings.Member { (kernel) throws(CannotCheck) in try KernelStructures(kernel) }

  /// By what its structures are read.
  ///
  /// - Throws: if neither the vendor's image nor the kernel itself says how they are laid out.
  package var structures: KernelStructures {
    get throws(CannotCheck) { try value(of: Self.structuresMember) }
  }

  private static let provenStructuresMember = Workings.Member { (kernel) throws(CannotCheck) in
    do throws(CannotCheck) {
      return try kernel.structures
    } catch {
      return try KernelStructures(kernel, lacking: error)
    }
  }

  /// The same; of a kernel that nobody's type information tells of, the few that memory itself shows.
  ///
  /// Whoever asks for these takes no structure or member that is not known for one that the kernel lacks:
  /// ``KernelTypes/lacksOthers``.
  package var provenStructures: KernelStructures {
    get throws(CannotCheck) { try value(of: Self.provenStructuresMember) }
  }
}
