internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// Where the machine code of BPF programs leads to.
///
/// What the kernel compiles calls helpers, functions of modules, and other programs. That the code is what its instructions
/// say is not compared; a branch to code of nobody's, which no compiler makes, is found.
struct ProgramBranches {
  struct Branch: Hashable {
    /// What the kernel calls the code.
    let code: String
    let place: UInt64
    let target: UInt64
  }

  /// Bytes of code looked through at most; a host with many programs has a few megabytes.
  private static let most = 64 << 20

  /// Branches to unowned code, in the code that the kernel lists as programs'.
  static func astray(in state: BpfState, _ memory: any KernelMemory, _ ownership: CodeOwnership) -> [Branch] {
    var found: [Branch] = []
    var total = 0
    for code in state.code {
      total += code.range.count
      guard total <= most,
        let bytes = try? memory.bytes(at: KernelAddress(code.range.lowerBound), count: code.range.count)
      else { continue }
      FarBranches.forEach(in: bytes, at: code.range.lowerBound) { place, target in
        guard !code.range.contains(target), ownership.standing(of: target) == .nobody else { return }
        found.append(Branch(code: code.name, place: place, target: target))
      }
    }
    return found
  }
}
