internal import KernelFormats
internal import KernelModel

/// What several lines of a report say together.
extension OopsText {
  /// All places of the kernel's own code that the report names.
  var places: [OopsPlace] {
    var places = traces.flatMap(\.entries).map(\.place)
    if let instructionPointer { places.append(instructionPointer) }
    if case .stackProtector(.some(let place)) = kind { places.append(place) }
    return places
  }

  var namelessPlaces: [KernelAddress] { places.compactMap(\.address) }

  /// Where modules begin; nil if nothing tells.
  var modulesStart: KernelAddress? {
    if let relocationEnd { return KernelAddress(relocationEnd &+ 1) }
    let image = imageAddress ?? kernelOffset.map { KernelAddress(Machine.linkedStart.rawValue &+ $0) }
    return Machine.modulesStart(module: moduleAddress, image: image)
  }

  /// Whether a kernel without a table of symbols wrote it: nothing has a name, not even what lies in its own image.
  var isNameless: Bool {
    let places = places
    return places.count >= 2
      && places.allSatisfy { place in
        place.address != nil
      }
      && namelessPlaces.contains { address in
        let area = Machine.addressClass(of: address, modulesStart: modulesStart)
        return area == .image || area == .imageOrModules
      }
  }

  /// Whether a module was being loaded.
  ///
  /// Source: do_init_module() and do_one_initcall(), kernel/module/main.c and init/main.c (Linux v2.6.32 to v7.2).
  var isLoadingModule: Bool {
    let loaders: Set<String> = ["do_one_initcall", "do_init_module", "load_module", "sys_init_module", "init_module"]
    return modules.contains { $0.flags.contains("+") }
      || places.contains { place in
        place.place.map { place in
          let name = place.symbol.split(separator: ".", maxSplits: 1).first.map(String.init) ?? place.symbol
          return place.module == nil
            && (loaders.contains(name) || name.hasSuffix("_init_module") || name.hasSuffix("_finit_module"))
        } ?? false
      }
  }

  /// Whether it is the end of an exception whose own lines are missing.
  var isShellOfException: Bool { kind == .panic && panicMessage?.contains("Fatal exception") == true }

  /// Whether a trace names who found its own stack overwritten: what stands right behind `__stack_chk_fail`.
  var namesCallerOfStackCheck: Bool {
    traces.contains { trace in
      trace.entries.drop { $0.place.place?.symbol != "__stack_chk_fail" }.dropFirst().contains(where: \.isReliable)
    }
  }

  /// Whose code the processor was in.
  enum InstructionOwner: Hashable {
    case kernel
    case module(String)
    case nobody(KernelAddress)
    case unknown

    var module: String? {
      if case .module(let name) = self { name } else { nil }
    }

    var words: String {
      switch self {
      case .kernel: "the kernel"
      case .module(let name): "the module \(name)"
      case .nobody(let address): "code at \(address), for which the kernel had no name,"
      case .unknown: "code of which nothing is said"
      }
    }
  }

  var ownerOfInstruction: InstructionOwner {
    switch instructionPointer {
    case .named(let place, _): place.module.map { .module($0) } ?? .kernel
    case .address(let address): .nobody(address)
    case nil: .unknown
    }
  }

  /// Who called the function that the processor was in.
  var firstCaller: OopsPlace? {
    traces.first?.entries.first { $0.isReliable && $0.place != instructionPointer }?.place
  }

  /// Whether the list of modules has it without a letter for out of tree, unsigned, forced or proprietary.
  func isKnownInTree(_ name: String) -> Bool {
    modules.contains { $0.name == name && !$0.flags.contains { "OEFP".contains($0) } }
  }
}

extension [OopsTrace.Entry] {
  /// The function beside an address that shows it to be code which the kernel made at run time; nil if none does.
  ///
  /// A trampoline of the function tracer is called from the first bytes of a function, and calls the tracer; an instruction moved for a
  /// kprobe calls `optimized_callback`; a BPF program is known by who runs it, or by the helper that it calls. Trampolines have no name before
  /// Linux v5.8 (fc0ea795f53c, "ftrace: Add symbols for ftrace trampolines"), BPF programs where net.core.bpf_jit_kallsyms is 0.
  func runtimeCodeNeighbour(of index: Int) -> String? {
    func place(_ index: Int?) -> Place? {
      index.flatMap { self[$0].place.place }.flatMap { $0.module == nil ? $0 : nil }
    }
    let inner = place(indices[..<index].last { self[$0].isReliable })
    let outer = place(indices[(index + 1)...].first { self[$0].isReliable })
    if let name = inner?.symbol {
      let tracers = [
        "ftrace_ops_", "function_trace_", "function_stack_trace_", "kprobe_ftrace_", "klp_ftrace_", "ftrace_graph_",
      ]
      if name == "optimized_callback" || tracers.contains(where: name.hasPrefix),
        outer.map({ $0.offset <= 0x10 }) ?? true
      {
        return name
      }
      if name.hasPrefix("bpf_"), !name.hasPrefix("bpf_prog_load") { return name }
    }
    guard let name = outer?.symbol,
      ["bpf_prog", "bpf_dispatcher", "call_bpf", "cls_bpf", "seccomp", "_filter"].contains(where: name.contains)
    else { return nil }
    return name
  }
}
