internal import KernelModel
internal import KernelObjects

/// Whether a function that the kernel's text was made to lead to is somebody's who may.
struct CodeOwnership {
  /// What an address is, as far as text may lead to it.
  enum Standing: Hashable {
    /// A function of the kernel starts exactly there.
    case kernelFunction
    /// In the kernel's text, but no function starts there.
    case insideKernelText
    /// In the code of a module that is listed.
    case module(String)
    /// Code that the kernel generated, and lists: a BPF program, a trampoline.
    case generated(String)
    case nobody
  }

  let kernel: Kernel
  let symbols: SymbolIndex
  let text: Range<UInt64>

  func standing(of address: UInt64) -> Standing {
    if text.contains(address) { return symbols.isFunctionStart(address) ? .kernelFunction : .insideKernelText }
    switch kernel.owner(of: KernelAddress(address)) {
    case .module(let place): return .module(place.module ?? "?")
    case .generatedCode(let place): return .generated(place.description)
    case .kernelText, .kernelData, .nobody: return .nobody
    }
  }

  func isLegitimate(_ address: UInt64) -> Bool {
    switch standing(of: address) {
    case .kernelFunction, .module, .generated: true
    case .insideKernelText, .nobody: false
    }
  }

  /// Whether `function` is where a module was that somebody led a static call to, and that was unloaded since.
  ///
  /// kvm leads its static calls to functions of kvm_amd or kvm_intel, and nobody leads them elsewhere when these go, whether
  /// kvm is a module or, with CONFIG_KVM=y, part of the kernel: kvm_ops_update() in arch/x86/kvm/x86.c (Linux 6.1.192,
  /// v6.12). Nothing may be there: who follows the pointer faults, so that it is no hook; as soon as code lies there, it has
  /// an owner or is a finding. Since v6.13 the kernel keeps the memory, and fills it with breakpoints: execmem_cache_free()
  /// in mm/execmem.c (Linux v7.2).
  func isLeftover(_ function: UInt64, _ live: LivePages) -> Bool {
    guard Machine.moduleSpace.contains(KernelAddress(function)) else { return false }
    switch kernel.owner(of: KernelAddress(function)) {
    case .nobody(.unmapped): return true
    case .nobody(.mapped):
      return live.bytes(at: Machine.pageStart(function), count: Int(Machine.pageSize))?
        .allSatisfy { $0 == 0xcc } ?? false
    default: return false
    }
  }

  /// Whose `address` is, in words.
  func words(for address: UInt64) -> String {
    let owner = kernel.owner(of: KernelAddress(address))
    return "\(KernelAddress(address)), \(owner)"
  }

  /// The same for a finding.
  func value(of address: UInt64) -> Finding.Value {
    let address = KernelAddress(address)
    return "\(address, kernel.owner(of: address))"
  }
}
