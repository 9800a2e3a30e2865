package import KernelModel
internal import KernelObjects

/// The census of pointers without a report around it, for measurements.
package struct PointerVerification {
  private var census: PointerCensus

  /// What a pointer is, for a count by kind.
  package enum Kind: String, CaseIterable, Sendable {
    case function = "a function"
    case table = "a constant table"
    case key = "a static call's key"
    case followed = "what code is patched by"
    case elsewhere = "what another check judges"
    case module = "a module's"
  }

  /// - Throws: if there is no image to compare with.
  package init(_ kernel: Kernel) throws(CannotCheck) {
    census = try PointerCensus(kernel)
  }

  /// Every pointer, and what it is; a module's come last.
  package var pointers: [(place: KernelAddress, kind: Kind)] {
    census.ofKernel.slots.map { slot in
      switch slot.kind {
      case .function: (KernelAddress(slot.address), .function)
      case .table: (KernelAddress(slot.address), .table)
      case .key: (KernelAddress(slot.address), .key)
      case .followed: (KernelAddress(slot.address), .followed)
      case .judgedElsewhere: (KernelAddress(slot.address), .elsewhere)
      }
    } + census.modules.flatMap(\.slots).map { (KernelAddress($0.address), .module) }
  }

  /// Where the kernel's constant tables start.
  package var tables: [KernelAddress] { census.ofKernel.tables.starts.map { KernelAddress($0) } }

  /// Why a pointer that holds something else is right, in a word; nil if it is wrong, or holds what the file says.
  package func excuse(at place: KernelAddress) -> String? {
    switch census.verdict(at: place.rawValue) {
    case .alike: "same type"
    case .untyped: "no type"
    case .empty: "empty"
    case .followed: "followed"
    case .wrong, nil: nil
    }
  }

  /// Where a pointer lies that nothing explains.
  package mutating func unexplained() -> Set<KernelAddress> {
    census.look(times: 1)
    return Set(census.wrong.map { KernelAddress($0) })
  }
}
