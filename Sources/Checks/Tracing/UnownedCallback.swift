internal import KernelModel

extension Finding {
  /// That the kernel was made to call code that is neither its own nor a listed module's.
  ///
  /// - Parameters:
  ///   - target: the function that is called.
  ///   - subject: where it was registered, and which.
  ///   - places: the memory that holds the pointer, if it is known.
  static func unownedCallback(
    _ target: KernelAddress, of subject: Subject, in kernel: Kernel, evidence: [Evidence], places: [MemoryRegion] = [],
    meaning: String
  ) -> Finding {
    let owner = kernel.owner(of: target)
    let hidden = HiddenModules.name(at: target, owner: owner, in: kernel)
    return Finding(
      kind: .redirection, severity: .critical, subject: subject,
      message: "the kernel calls code that is neither its own nor a listed module's: \(owner)",
      expected: "the start of one of the kernel's functions, or code of a listed module",
      observed: "\(target, owner)", owner: owner, hiddenModule: hidden, target: target,
      evidence: evidence + (hidden.map { [.init("module", "\($0), which is not on every list")] } ?? []),
      effects: [.init(.callsUnownedCode, subject.name)], places: places, meaning: meaning)
  }
}
