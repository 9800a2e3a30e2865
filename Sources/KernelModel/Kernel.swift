/// All that a check may look at: one acquisition of one kernel, running or dead.
///
/// A check gets nothing else. It cannot open a file or make a system call, so what it concludes can be concluded
/// again from a dump.
package struct Kernel {
  package var identity: KernelIdentity
  /// What is there.
  package var memory: any KernelMemory
  /// How it is mapped.
  package var mappings: any KernelMappings
  /// What is called what.
  package var symbols: SymbolTable
  /// What it tells user space.
  package var claims: Claims
  /// What should be there.
  package var reference: any Reference
  /// How the path fared by which all of this was read.
  package var reading: Result<[ReadingTrial], Withheld> = .failure(
    Withheld("the reading path", why: "it was not tested"))
  /// Whether this kernel runs, so that it can be asked what it tells user space.
  ///
  /// Of one that runs no more, only what its memory holds can be asked; a check's parts that compare the two do not apply.
  package var isRunning = true
  /// The processors at the moment when the kernel stopped, as far as a dump says.
  package var processors: [ProcessorState] = []
  /// Whether ``symbols`` are all that the kernel's own tables hold: what is not among them, this kernel does not have, or
  /// was built not to name.
  package var symbolsAreWhole = false
  /// Whether this kernel cannot load modules, because it was built so; by its own symbols, see
  /// ``SymbolTable/lacksModuleLoader``, and where it runs, by what it tells as well.
  package var isBuiltWithoutModules = false
  /// What checks worked out of this acquisition.
  package let workings = Workings()
  /// Lets the running kernel go on for a moment, so that what is in the middle of being changed gets done; nothing in a
  /// kernel that runs no more.
  package var pause: () -> Void = {}
  /// The names of loaded modules as they are told now, those of `/proc/kallsyms` only if asked for; of a kernel that runs
  /// no more, nothing but what its claims say.
  package var moduleNames: (_ withKallsyms: Bool) -> ModuleNames
  /// The numbers of BPF objects of a kind as bpf(2) tells them now.
  package var toldBpfNumbers: (BpfObjectKind) -> Result<Set<UInt32>, Withheld> = { _ in
    .failure(Withheld("what bpf(2) tells", why: "it was not asked"))
  }
  /// What is told now of processes; nothing of a kernel that runs no more.
  package var toldProcesses = ToldProcesses.unasked
  /// What is told now of settings; nothing of a kernel that runs no more.
  package var toldSettings = ToldSettings.unasked
  /// What is told now of what is registered; nothing of a kernel that runs no more.
  package var toldLists = ToldLists.unasked
  /// How many sockets of each name are told now in the network that a process is in; nothing of a kernel that runs no more.
  package var toldSockets: (SocketName.Kind, _ process: Int32) -> Result<[SocketName: Int], Withheld> = { _, _ in
    .failure(Withheld("the sockets that user space sees", why: "they were not read"))
  }
  /// What is told now of who is called where it runs; nothing of a kernel that runs no more.
  package var toldTracing = ToldTracing.unasked
  /// Gives who holds which memory by the kernel's structures; nil where these cannot be read, and then what the kernel
  /// claims has to do.
  package var account: (Kernel) -> (any MemoryAccount)? = { _ in nil }
  private let owners: OwnerIndex

  package init(
    identity: KernelIdentity, memory: any KernelMemory, mappings: any KernelMappings, symbols: SymbolTable,
    claims: Claims, reference: any Reference
  ) {
    self.identity = identity
    self.memory = memory
    self.mappings = mappings
    self.symbols = symbols
    self.claims = claims
    self.reference = reference
    owners = OwnerIndex(symbols: symbols, claims: claims, mappings: mappings)
    moduleNames = { _ in
      ModuleNames(
        procModules: claims.loadedModules.map { Set($0.map(\.name)) },
        sysfs: .failure(Withheld("/sys/module", why: "it was not listed")))
    }
  }

  /// Whose memory `address` is in: the oracle that every check shares.
  package func owner(of address: KernelAddress) -> Owner {
    owners.owner(of: address, symbols: symbols, mappings: mappings) { account(self) }
  }

  /// The kernel's own code, `_stext` up to `_etext`, or nil if kallsyms does not name both.
  package var text: MemoryRegion? { owners.text }

  /// The whole kernel image, `_text` up to `_end`, or nil if kallsyms does not name its bounds.
  package var image: MemoryRegion? { owners.image }

  /// The address of the one kernel symbol called `name`.
  ///
  /// - Throws: if there is none, if there are several, or if the addresses are withheld.
  package func address(of name: String) throws(CannotCheck) -> KernelAddress {
    guard !symbols.addressesAreWithheld else { throw .symbolsWithheld }
    let found = symbols.symbols(named: name).filter { $0.module == nil }
    guard let first = found.first else { throw .symbolMissing(name) }
    guard found.allSatisfy({ $0.address == first.address }) else {
      throw .symbolAmbiguous(name, count: found.count)
    }
    return first.address
  }
}
