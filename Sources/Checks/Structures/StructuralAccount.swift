package import KernelModel
internal import KernelObjects

/// Who holds kernel memory, by the structures in it: the oracle behind `kernel.owner(of:)`.
///
/// It is as of one moment. Memory that it knows nothing of and that may be executed is looked up again, a few times: what
/// was loaded since has an owner, too.
package final class StructuralAccount: MemoryAccount {
  private let kernel: Kernel
  private let structures: KernelStructures
  private var owners: ExecutableOwners
  /// Memory of listed modules that holds no code, lowest first, not overlapping.
  private var data: [(range: Range<UInt64>, module: String)]
  private var renewals = 0

  private static let mostRenewals = 8

  private static let member = Workings.Member { (kernel) throws(CannotCheck) in try StructuralAccount(kernel) }

  private init(_ kernel: Kernel) throws(CannotCheck) {
    self.kernel = kernel
    structures = try kernel.structures
    (owners, data) = try Self.read(structures)
  }

  /// The account of `kernel`, made when it is first asked for; nil if its structures cannot be read.
  package static func of(_ kernel: Kernel) -> (any MemoryAccount)? {
    // Why they cannot be read is told by the checks that are about them.
    try? kernel.value(of: member)
  }

  package func holder(of address: KernelAddress) -> MemoryHolder? {
    if let known = lookUp(address.rawValue) { return known }
    guard renewals < Self.mostRenewals, kernel.mappings.fresh.mapping(of: address).page?.isExecutable == true else {
      return nil
    }
    renewals += 1
    guard let now = try? Self.read(structures) else { return nil }
    (owners, data) = now
    return lookUp(address.rawValue)
  }

  private static func read(
    _ structures: KernelStructures
  ) throws(CannotCheck) -> (ExecutableOwners, [(range: Range<UInt64>, module: String)]) {
    try structures.now { (reader: Snapshot) throws(CannotCheck) in
      let data = try LiveModules(reader).modules.flatMap { module in
        module.memory.values.map { (range: $0, module: module.name) }
      }
      return (
        try ExecutableOwners(reader, text: structures.text), data.sorted { $0.range.lowerBound < $1.range.lowerBound }
      )
    }
  }

  private func lookUp(_ address: UInt64) -> MemoryHolder? {
    guard address < .max else { return nil }
    if let claim = owners.owner(of: address..<address + 1), let holder = Self.holder(claim) { return holder }
    let index = data.partitionPoint { $0.range.lowerBound > address }
    guard index > 0, data[index - 1].range.contains(address) else { return nil }
    return .module(data[index - 1].module)
  }

  private static func holder(_ claim: ExecutableOwners.Claim) -> MemoryHolder? {
    let start = KernelAddress(claim.range.lowerBound)
    return switch claim.kind {
    case .kernelText: nil
    case .module: .module(claim.name)
    case .bpf: .generatedCode(claim.name, start: start, module: "bpf")
    case .ftrace: .generatedCode(claim.name, start: start, module: "__builtin__ftrace")
    case .kprobe: .generatedCode(claim.name, start: start, module: "__builtin__kprobes")
    case .realMode, .kexec, .hypercall: .generatedCode(claim.name, start: start, module: nil)
    }
  }
}
