internal import KernelFormats
package import KernelModel

/// A kernel that runs no more, acquired from a dump.
package struct DeadKernel {
  package var kernel: Kernel
  /// The dump, with its memory where it belongs: see ``Dump/leavingOut(from:)``.
  package let dump: any Dump
  /// Bytes of the dump's memory read so far.
  package let bytesRead: () -> UInt64
  /// The host's name; nil if it is not known.
  package let nodeName: String?
  /// What was concluded about the dump, and from which angles.
  package let conclusions: [Conclusion]
  /// What was odd on the way, in words, and did not stop us.
  package let remarks: [String]

  /// The largest note section that is taken for one, in bytes; the kernel's is a few hundred.
  private static let largestNotes: UInt64 = 64 << 10

  /// - Parameter progress: told what is being done, in words for a person.
  /// - Throws: if something is missing without which nothing can be asked: the page tables or the symbols.
  package init(
    _ given: any Dump, progress: (String) -> Void = { _ in }
  ) throws(Withheld) {
    progress("looking for the dead kernel's page tables")
    var found = try DumpMappings.find(in: given, progress: progress)
    var memory = TranslatedMemory(found.dump, through: found.tables)
    progress("reading the dead kernel's symbols")
    let symbols = try Self.symbols(memory, found)
    if let moved = PackedMemory.corrected(found, symbols) {
      found = moved
      memory = TranslatedMemory(moved.dump, through: moved.tables)
    }
    dump = found.dump
    var remarks = found.dump.remarks
    if found.dump.isFiltered {
      remarks.append("the dump was made without some pages: what they held is unknown, not absent")
    }
    let names: SystemNames?
    do throws(Withheld) {
      names = try SystemNames(memory, symbols, found.info)
    } catch {
      names = nil
      remarks.append(error.description)
    }
    let inMemory = Self.buildID(memory, symbols)
    let identity = KernelIdentity(
      release: names?.release ?? found.info?.osRelease ?? "", version: names?.version ?? "",
      machine: names?.machine ?? Machine.machine,
      claimedBuildID: found.info?.buildID.map(Result.success)
        ?? .failure(Withheld("the build id for crash tools", why: "VMCOREINFO does not tell it")),
      buildIDInMemory: inMemory, kaslrOffset: .success(Self.offset(found)))
    conclusions = [
      Self.release(names, found), found.conclusion, Self.offsetConclusion(found, symbols), Self.build(identity),
    ].compactMap { $0 }
    kernel = Kernel(
      identity: identity, memory: memory, mappings: found.tables, symbols: symbols,
      claims: Self.claims(memory, symbols),
      reference: NoReference(Withheld("the vendor's files", why: "they were not searched for")))
    kernel.isRunning = false
    kernel.symbolsAreWhole = true
    kernel.isBuiltWithoutModules = symbols.lacksModuleLoader
    kernel.processors = ProcessorState.all(in: found.dump.notes)
    kernel.reading = .failure(Withheld("the reading path", why: "the dump's file is read, not the dead kernel asked"))
    kernel.moduleNames = { _ in
      ModuleNames(
        procModules: .failure(Self.unasked("/proc/modules")), sysfs: .failure(Self.unasked("/sys/module")),
        kallsyms: .failure(Self.unasked("/proc/kallsyms")))
    }
    bytesRead = { [memory] in memory.bytesRead }
    // What the kernel says as long as nobody gave it a name: UTS_NODENAME, include/linux/uts.h.
    nodeName = names?.node == "(none)" ? nil : names?.node
    self.remarks = remarks
  }

  private static func symbols(
    _ memory: any KernelMemory, _ found: DumpMappings
  ) throws(Withheld) -> SymbolTable {
    do throws(Withheld) {
      return try SymbolsInMemory.find(
        memory, found.tables, imageStart: found.imageStart.region.start, found.info
      ) { $0.symbolTable() }
    } catch {
      throw Withheld(
        "the dead kernel's symbols", why: error.why,
        remedy: "use a dump that has the kernel's read-only data; makedumpfile leaves it in")
    }
  }

  private static func unasked(_ what: String) -> Withheld { Withheld(what, why: "a dead kernel cannot be asked") }

  /// A dump tells nothing but what memory holds.
  private static func claims(_ memory: any KernelMemory, _ symbols: SymbolTable) -> Claims {
    Claims(
      loadedModules: .failure(unasked("/proc/modules")), commandLine: commandLine(memory, symbols),
      taint: .failure(unasked("/proc/sys/kernel/tainted")), entryPoints: .failure(unasked("the CPUs' entry points")))
  }

  /// Source: `saved_command_line`, init/main.c (v5.10 to v7.2).
  private static func commandLine(_ memory: any KernelMemory, _ symbols: SymbolTable) -> Result<String, Withheld> {
    let what = "the kernel's command line"
    guard let variable = address(of: "saved_command_line", in: symbols) else {
      return .failure(Withheld(what, why: "its symbols do not name saved_command_line"))
    }
    do throws(MemoryFault) {
      let text = try memory.string(at: try memory.pointer(at: variable), limit: 4096)
      return .success(String(decoding: text, as: UTF8.self))
    } catch {
      return .failure(Withheld(what, why: error.description))
    }
  }

  // MARK: Which kernel it is

  private static func address(of name: String, in symbols: SymbolTable) -> KernelAddress? {
    symbols.symbols(named: name).first { $0.module == nil && $0.address.rawValue != 0 }?.address
  }

  private static func offset(_ found: DumpMappings) -> UInt64 {
    found.info?.kernelOffset ?? found.imageStart.region.start.rawValue &- Machine.linkedStart.rawValue
  }

  private static func offsetConclusion(_ found: DumpMappings, _ symbols: SymbolTable) -> Conclusion {
    let offset = offset(found)
    var conclusion = Conclusion(
      "KASLR offset", offset.hexadecimal,
      by: found.info?.kernelOffset == nil ? "the start of the image" : "VMCOREINFO")
    if found.info?.kernelOffset != nil {
      conclusion.compare(
        found.imageStart.region.start.rawValue &- Machine.linkedStart.rawValue == offset, with: "the start of the image"
      )
    }
    if let told = found.info?.symbol("_stext") {
      conclusion.compare(address(of: "_stext", in: symbols) == told, with: "_stext among the symbols in memory")
    }
    return conclusion
  }

  private static func release(_ names: SystemNames?, _ found: DumpMappings) -> Conclusion? {
    guard let names else {
      return found.info?.osRelease.map { Conclusion("release", $0, by: "VMCOREINFO") }
    }
    var conclusion = Conclusion("release", names.release, by: "init_uts_ns in memory")
    if let told = found.info?.osRelease { conclusion.compare(told == names.release, with: "VMCOREINFO") }
    return conclusion
  }

  private static func build(_ identity: KernelIdentity) -> Conclusion? {
    guard case .success(let memory) = identity.buildIDInMemory else { return nil }
    var conclusion = Conclusion("build id", memory.description, by: "the kernel's notes in memory")
    if case .success(let told) = identity.claimedBuildID { conclusion.compare(told == memory, with: "VMCOREINFO") }
    return conclusion
  }

  private static func buildID(_ memory: any KernelMemory, _ symbols: SymbolTable) -> Result<BuildID, Withheld> {
    let what = "the build id in the kernel's memory"
    guard let start = address(of: "__start_notes", in: symbols), let stop = address(of: "__stop_notes", in: symbols),
      let byteCount = stop.offset(from: start), byteCount <= largestNotes
    else { return .failure(Withheld(what, why: "the symbols do not bound the kernel's notes sensibly")) }
    do {
      let bytes = try memory.bytes(at: start, count: Int(byteCount))
      guard let id = ElfNote.buildID(in: try ElfNote.decodeAll(bytes.span)) else {
        return .failure(Withheld(what, why: "none of the kernel's notes is one"))
      }
      return .success(id)
    } catch {
      return .failure(Withheld(what, why: "\(error)"))
    }
  }
}
