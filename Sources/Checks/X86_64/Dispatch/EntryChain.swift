internal import KernelFormats
internal import KernelModel

/// Judges the calls by which the CPU's entry code reaches the dispatcher, one function after another.
///
/// Every direct branch of these functions is decoded. Where the vendor's image has a branch to the next function of the
/// chain, memory must have the same; and no branch may leave the kernel's code.
struct EntryChain {
  let live: CodeMap
  /// The vendor's image, if there is one.
  let reference: CodeMap?
  private var kernel: Kernel { live.kernel }

  /// Which function calls which, as far as a kernel has them.
  ///
  /// Source: arch/x86/entry/{entry_64.S,entry_64_compat.S,entry_64_fred.S,entry_fred.c,common.c,syscall_32.c,
  /// syscall_64.c}, Linux v5.10 to v7.2.
  private static let links: [(function: String, callees: [String])] = [
    ("entry_SYSCALL_64", ["do_syscall_64"]),
    ("entry_SYSCALL_compat", ["do_fast_syscall_32"]),
    ("entry_SYSENTER_compat", ["do_SYSENTER_32"]),
    ("entry_INT80_compat", ["do_int80_syscall_32"]),
    ("asm_int80_emulation", ["int80_emulation", "do_int80_emulation"]),
    ("int80_emulation", ["do_int80_emulation"]),
    ("do_SYSENTER_32", ["do_fast_syscall_32"]),
    ("do_fast_syscall_32", ["__do_fast_syscall_32", "ia32_sys_call"]),
    ("__do_fast_syscall_32", ["ia32_sys_call"]),
    ("do_int80_emulation", ["ia32_sys_call"]),
    ("do_int80_syscall_32", ["ia32_sys_call"]),
    ("do_syscall_64", ["x64_sys_call", "x32_sys_call"]),
    ("asm_fred_entrypoint_user", ["fred_entry_from_user"]),
    ("fred_entry_from_user", ["do_syscall_64", "do_fast_syscall_32", "fred_intx"]),
    ("fred_intx", ["fred_int80_emulation"]),
    ("fred_int80_emulation", ["ia32_sys_call"]),
  ]
  /// The names of all of them.
  static var functions: [String] { links.flatMap { [$0.function] + $0.callees } }
  /// Bytes of one function that are decoded at most; the longest has some 1500.
  private static let longestFunction: UInt64 = 8192

  /// A direct branch: where it is in its function, and where it leads in the running kernel.
  private struct Branch {
    var offset: UInt64
    var target: KernelAddress
  }

  /// Examines every function, and returns those from which no call can be followed: themselves tampered with or
  /// unreadable, or calling one that is.
  func examine(into examination: inout Examination) -> Set<String> {
    var broken: Set<String> = []
    for link in Self.links {
      for function in kernel.symbols.symbols(named: link.function) where function.module == nil {
        do throws(CannotCheck) {
          let findings = examination.findings.count
          try examine(function, callees: link.callees, into: &examination)
          if examination.findings.count > findings { broken.insert(link.function) }
        } catch {
          examination.leaveUnanswered(Subject(function.name), error)
          broken.insert(link.function)
        }
      }
    }
    for _ in Self.links {
      broken.formUnion(Self.links.filter { !broken.isDisjoint(with: $0.callees) }.map(\.function))
    }
    return broken
  }

  private func examine(
    _ function: Symbol, callees: [String], into examination: inout Examination
  ) throws(CannotCheck) {
    let branches = try self.branches(of: function, in: live)
    for branch in branches where !isInKernel(branch.target) {
      examination.report(astray(function, branch))
    }
    let next = Set(callees.flatMap { kernel.symbols.symbols(named: $0) }.filter { $0.module == nil }.map(\.address))
    guard !next.isEmpty else { return }
    if let reference {
      let expected = try self.branches(of: function, in: reference).filter { next.contains($0.target) }
      for branch in expected
      where !branches.contains(where: { $0.offset == branch.offset && $0.target == branch.target }) {
        let live = branches.first { $0.offset == branch.offset }
        if let live, !isInKernel(live.target) { continue }  // reported above
        examination.report(changed(function, expected: branch, live: live))
      }
    }
    let found = Set(branches.map(\.target).filter(next.contains)).flatMap { kernel.symbols.symbols(at: $0) }
    for callee in callees where found.contains(where: { $0.name == callee }) {
      examination.note(Subject(function.name, label: callee), .text("called"))
    }
    if found.isEmpty, reference == nil {
      examination.leaveUnanswered(
        Subject(function.name),
        .implausible(function.name, "does not call \(callees.joined(separator: " or ")) directly"))
    }
  }

  /// Whether a branch may lead there: the kernel's own code, or code it generated, such as a trampoline of ftrace's.
  private func isInKernel(_ target: KernelAddress) -> Bool {
    if kernel.text?.contains(target) == true { return true }
    if case .generatedCode = kernel.owner(of: target) { return true }
    return false
  }

  /// The direct branches of `function` that leave it, in the order of the code.
  private func branches(of function: Symbol, in code: CodeMap) throws(CannotCheck) -> [Branch] {
    let region = code.region(of: function)
    let end = min(region.byteCount, Self.longestFunction)
    var found: [Branch] = []
    var offset: UInt64 = 0
    while offset < end {
      let position = region.start.rawValue &+ offset
      guard let operation = try code.operation(at: position) else {
        offset += 1
        continue
      }
      if operation.isBranch, case .immediate(let target)? = operation.operands.first {
        var reached = target
        // The padding before the next function may have no name, and lies in the region of this one then.
        if case .function(let start) = code.callee(at: target) { reached = start }
        if !region.contains(KernelAddress(reached)) {
          found.append(Branch(offset: offset, target: code.running(reached)))
        }
      }
      offset += UInt64(operation.byteCount)
    }
    return found
  }

  // MARK: Words

  private func astray(_ function: Symbol, _ branch: Branch) -> Finding {
    let owner = kernel.owner(of: branch.target)
    return Finding(
      kind: .redirection, severity: .critical,
      subject: Subject("\(function.name)+\(branch.offset.hexadecimal)"),
      message: "the entry code branches out of the kernel's code: to \(owner)",
      expected: "a branch within the kernel's code", observed: "\(branch.target, owner)", owner: owner,
      target: isMapped(owner) ? branch.target : nil, evidence: [instruction(function, branch.offset)],
      effects: [.init(.redirects, function.name)], places: place(function, branch.offset),
      meaning: "every system call that passes \(function.name) may run what lies there")
  }

  private func changed(_ function: Symbol, expected: Branch, live: Branch?) -> Finding {
    let right = kernel.owner(of: expected.target)
    let actual = live.map { ($0.target, kernel.owner(of: $0.target)) }
    return Finding(
      kind: .redirection, severity: .critical,
      subject: Subject("\(function.name)+\(expected.offset.hexadecimal)"),
      message: "the entry code does not call what the vendor's kernel calls there"
        + (actual.map { ": it leads to \($0.1)" } ?? ""),
      expected: "a branch to \(right)",
      observed: actual.map { "\($0.0, $0.1)" } ?? "no direct branch",
      owner: actual?.1, target: actual?.0, evidence: [instruction(function, expected.offset)],
      effects: [.init(.redirects, function.name)], places: place(function, expected.offset),
      meaning: "every system call that passes \(function.name) goes another way than the vendor's kernel sends it")
  }

  private func isMapped(_ owner: Owner) -> Bool {
    if case .nobody(.unmapped) = owner { false } else { true }
  }

  /// The first byte of a branch.
  private func place(_ function: Symbol, _ offset: UInt64) -> [MemoryRegion] {
    function.address.advanced(by: offset).map { [MemoryRegion(start: $0, byteCount: 1)] } ?? []
  }

  private func instruction(_ function: Symbol, _ offset: UInt64) -> Finding.Evidence {
    Finding.Evidence("instruction", .text(live.text(at: function.address.rawValue &+ offset)))
  }
}
