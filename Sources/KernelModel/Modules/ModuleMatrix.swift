/// Who in a kernel knows of which module: a row for each module, a column for each place that should know of it.
package struct ModuleMatrix: Sendable {
  /// A place that knows of modules.
  package enum Place: String, Hashable, Sendable, CaseIterable {
    case list, kset, tree, bugs, tracer, debug, tracepoints, types, areas, pages, memory
    case procModules = "proc", sysfs, kallsyms

    /// What the kernel, or its source, calls the place.
    package var name: String {
      switch self {
      case .list: "the list of modules"
      case .kset: "module_kset"
      case .tree: "the module tree (mod_tree)"
      case .bugs: "module_bug_list"
      case .tracer: "the records of the function tracer"
      case .debug: "the dynamic debug tables"
      case .tracepoints: "tracepoint_module_list"
      case .types: "btf_modules"
      case .areas: "the vmalloc areas"
      case .pages: "the page tables"
      case .memory: "the memory of modules"
      case .procModules: "/proc/modules"
      case .sysfs: "/sys/module"
      case .kallsyms: "/proc/kallsyms"
      }
    }
  }

  /// What a place says of a module.
  package enum Mark: Hashable, Sendable {
    case present
    /// It belongs there, and is not.
    case missing
    /// Nothing follows from its absence: it has nothing of the kind, is being loaded or removed, or the place could not
    /// be read.
    case notExpected
  }

  package struct Row: Hashable, Sendable {
    /// Hostile text; empty if it has no name that could be read.
    package var name: String
    /// `live`, `coming`, `going` or `unformed`; nil if its record is not known.
    package var state: String?
    /// Where its record, `struct module`, lies.
    package var structure: KernelAddress?
    package var code: MemoryRegion?
    package var marks: [Place: Mark]
    /// What was done to its record to hide it, in words.
    package var signs: [String]
    /// Functions that its own symbol table names, some of them.
    package var functions: [String]
    /// Bits of its taint mask.
    package var taints: UInt64

    package init(
      name: String, state: String? = nil, structure: KernelAddress? = nil, code: MemoryRegion? = nil,
      marks: [Place: Mark], signs: [String] = [], functions: [String] = [], taints: UInt64 = 0
    ) {
      self.name = name
      self.state = state
      self.structure = structure
      self.code = code
      self.marks = marks
      self.signs = signs
      self.functions = functions
      self.taints = taints
    }

    /// The places that lack it, in the order of ``Place``.
    package var missing: [Place] { Place.allCases.filter { marks[$0] == .missing } }
    /// The places that have it.
    package var present: [Place] { Place.allCases.filter { marks[$0] == .present } }
    package var isSound: Bool { missing.isEmpty && signs.isEmpty }

    /// Where its record lies, and what its own symbol table names.
    package var recordEvidence: [Finding.Evidence] {
      var evidence: [Finding.Evidence] = []
      if let structure { evidence.append(Finding.Evidence("record", "struct module at \(structure)")) }
      if !functions.isEmpty { evidence.append(Finding.Evidence("functions", .text(functions.joined(separator: ", ")))) }
      return evidence
    }
  }

  /// In the order of the kernel's list; those that it does not have come last.
  package var rows: [Row]
  /// Places that could not be asked, and why.
  package var unread: [Place: String]
  /// What the kernel's records were read by.
  package var expectation: Expectation

  package init(rows: [Row], unread: [Place: String], expectation: Expectation) {
    self.rows = rows
    self.unread = unread
    self.expectation = expectation
  }
}
