internal import KernelModel

/// Whether the running kernel dispatches system calls through a table, and what that means for a changed entry.
struct DispatchPath {
  private enum Route {
    case table
    case dispatcher(Symbol)
    /// Through a table, but not the one that bears the name.
    case anotherTable([KernelAddress])
    case unknown
  }

  private let table: TableLocator.Table
  private let route: Route

  init(of table: TableLocator.Table, entryCode: Machine.EntryCode) {
    self.table = table
    if entryCode.dispatches(through: table.address) {
      route = .table
    } else if let dispatcher = entryCode.dispatcher {
      route = .dispatcher(dispatcher)
    } else if !entryCode.tables.isEmpty, !table.abi.sharesEntryCode {
      route = .anotherTable(entryCode.tables.sorted())
    } else {
      route = .unknown
    }
  }

  /// How calls are dispatched, for the reader of the report.
  var sentence: String {
    switch route {
    case .table:
      "\(table.abi.table): this kernel dispatches the system calls of \(table.abi.callers) through it"
    case .dispatcher(let function):
      "\(table.abi.table): this kernel does not dispatch through it but through \(function.name), see "
        + "syscall-dispatch"
    case .anotherTable(let tables):
      "\(table.abi.table): the entry code reads another table, at "
        + tables.map(\.description).joined(separator: ", ")
    case .unknown:
      "\(table.abi.table): the entry code could not be followed, so whether it is used is not known"
    }
  }

  /// How calls are dispatched, for a baseline.
  var fact: String {
    switch route {
    case .table: "through the table"
    case .dispatcher(let function): "through \(function.name)"
    case .anotherTable: "through another table"
    case .unknown: "unknown"
    }
  }

  /// What a changed entry means, in one sentence; `call` is the entry's system call.
  func meaning(call: String) -> String {
    switch route {
    case .table:
      "this kernel dispatches through the table: every \(call) call of \(table.abi.callers) runs what the entry "
        + "leads to"
    case .dispatcher(let function):
      "this kernel dispatches through \(function.name), not through the table: calls of \(call) do not go through "
        + "this entry, but somebody wrote to the kernel's read-only data to change it"
    case .anotherTable:
      "the entry code reads another table than this one, see the finding about it"
    case .unknown:
      "whether this kernel dispatches through the table could not be determined; assume that it does"
    }
  }

  /// The finding that the entry code reads a table other than the one that bears the name.
  func finding(in kernel: Kernel) -> Finding? {
    guard case .anotherTable(let tables) = route, let first = tables.first else { return nil }
    return Finding(
      kind: .redirection, severity: .critical, subject: Subject("\(table.abi.table) dispatch"),
      message: "the entry code reads system call handlers from another table than \(table.abi.table)",
      expected: "\(table.abi.table) at \(table.address)",
      observed: tables.dropFirst().reduce(observed(first, kernel)) { "\($0); \(observed($1, kernel))" },
      owner: kernel.owner(of: first), target: first, effects: [.init(.redirects, table.abi.table)],
      meaning: "every system call of \(table.abi.callers) is looked up in that other table")
  }

  private func observed(_ table: KernelAddress, _ kernel: Kernel) -> Finding.Value {
    "\(table), in \(kernel.owner(of: table))"
  }
}
