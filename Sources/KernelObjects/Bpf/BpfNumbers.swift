package import KernelModel

/// The numbers of the kernel's BPF objects at one moment, by its own tables of them, and where each object lies.
///
/// Source: kernel/bpf/syscall.c, kernel/bpf/btf.c (Linux v5.10 to v7.2).
package struct BpfNumbers {
  private var numbers: [BpfObjectKind: [UInt32: UInt64]] = [:]
  /// Why some of them are not known; nil if all are.
  package private(set) var obstacle: CannotCheck?

  /// Objects of one kind at most.
  private static let most = 1 << 17

  /// - Throws: `notApplicable` if the kernel has no BPF system call.
  package init(_ snapshot: Snapshot) throws(CannotCheck) {
    guard try snapshot.symbols.addressIfAny(of: BpfObjectKind.program.table) != nil else {
      throw .notApplicable("this kernel was built without the bpf system call (CONFIG_BPF_SYSCALL)")
    }
    for kind in BpfObjectKind.allCases {
      do throws(CannotCheck) {
        guard let table = try snapshot.symbols.addressIfAny(of: kind.table) else { continue }
        var found: [UInt32: UInt64] = [:]
        for entry in try XArray.idr(at: table, limit: Self.most, snapshot).whole() {
          found[UInt32(truncatingIfNeeded: entry.index)] = entry.pointer
        }
        numbers[kind] = found
      } catch {
        obstacle = obstacle ?? error
      }
    }
  }

  package subscript(kind: BpfObjectKind) -> [UInt32: UInt64] { numbers[kind, default: [:]] }
}

extension BpfObjectKind {
  /// The kernel's table of their numbers.
  var table: String {
    switch self {
    case .program: "prog_idr"
    case .map: "map_idr"
    case .link: "link_idr"
    case .types: "btf_idr"
    }
  }
}
