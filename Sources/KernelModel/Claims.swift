/// What the kernel *tells* user space about itself, kept apart from what its memory shows.
///
/// Each claim may be withheld by itself. The contradiction between a claim and memory is evidence.
package struct Claims {
  /// The modules that `/proc/modules` lists, cross-checked with `/sys/module`; of a kernel that runs no more, those of its
  /// list in memory.
  package var loadedModules: Result<[ModuleClaim], Withheld>
  /// The kernel's command line.
  package var commandLine: Result<String, Withheld>
  /// The taint mask, as `/proc/sys/kernel/tainted` gives it.
  package var taint: Result<UInt64, Withheld>
  /// Where each CPU enters the kernel for system calls, as far as `/dev/cpu` is there to say.
  package var entryPoints: Result<[Machine.EntryPoints], Withheld>

  package init(
    loadedModules: Result<[ModuleClaim], Withheld>, commandLine: Result<String, Withheld>,
    taint: Result<UInt64, Withheld>,
    entryPoints: Result<[Machine.EntryPoints], Withheld> = .failure(
      Withheld("the CPUs' entry points", why: "they were not read"))
  ) {
    self.loadedModules = loadedModules
    self.commandLine = commandLine
    self.taint = taint
    self.entryPoints = entryPoints
  }
}

/// One module as the kernel lists it.
package struct ModuleClaim: Hashable, Sendable {
  package var name: String
  /// Bytes of all its core memory, code and data.
  package var byteCount: UInt64
  /// Start of its code, or nil where the kernel shows zeros.
  package var base: KernelAddress?
  /// `Live`, `Loading` or `Unloading`.
  package var state: String
  /// Taint letters, such as `OE`; empty if none.
  package var taints: String
  /// Its sections and where they were loaded, as `/sys/module/NAME/sections` gives them; empty if that is absent.
  package var sections: [ModuleSection]
  /// What `/proc/modules`, libkmod and `/sys/module` say differently about it; empty when they agree.
  package var disagreements: [String]

  package init(
    name: String, byteCount: UInt64, base: KernelAddress?, state: String = "Live", taints: String = "",
    sections: [ModuleSection] = [], disagreements: [String] = []
  ) {
    self.name = name
    self.byteCount = byteCount
    self.base = base
    self.state = state
    self.taints = taints
    self.sections = sections
    self.disagreements = disagreements
  }
}

/// One section of a loaded module.
package struct ModuleSection: Hashable, Sendable {
  package var name: String
  package var address: KernelAddress

  package init(name: String, address: KernelAddress) {
    self.name = name
    self.address = address
  }
}
