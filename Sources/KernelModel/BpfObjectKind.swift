/// What bpf(2) gives numbers to, a row of numbers for each kind.
package enum BpfObjectKind: String, CaseIterable, Hashable, Sendable {
  case program
  case map
  case link
  /// Type information (BTF), that of the kernel and of each module among it.
  case types

  package var words: String {
    switch self {
    case .program: "BPF program"
    case .map: "BPF map"
    case .link: "BPF link"
    case .types: "BTF object"
    }
  }
}
