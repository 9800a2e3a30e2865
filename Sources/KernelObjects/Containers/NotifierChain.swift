package import KernelModel

/// Whom the kernel calls when something happens: a chain of `struct notifier_block`.
///
/// Source: include/linux/notifier.h (Linux v5.10 to v7.2).
package struct NotifierChain {
  /// How a chain is protected, and so how its head is laid out.
  package enum Kind: String, CaseIterable, Sendable {
    case atomic, blocking, raw, srcu

    /// The head's structure.
    package var structure: String { "\(rawValue)_notifier_head" }
  }

  /// One who is called.
  package struct Block: Hashable, Sendable {
    /// Of the `struct notifier_block`.
    package var address: UInt64
    /// The function that is called.
    package var callback: UInt64
    /// Who has more is called first.
    package var priority: Int32
  }

  /// In the order in which they are called.
  package let blocks: [Block]

  /// Blocks at most; a chain of the kernel's has a few dozen.
  private static let most = 4096

  /// - Parameter head: of the chain's head.
  package init(at head: UInt64, _ kind: Kind, _ snapshot: Snapshot) throws(CannotCheck) {
    let first: UInt64 = try snapshot.object(kind.structure, at: head)["head"]
    blocks = try snapshot.chain(from: first, next: "next", of: "notifier_block", limit: Self.most).whole().map {
      block throws(CannotCheck) in
      Block(address: block.address, callback: try block["notifier_call"], priority: try block["priority"])
    }
  }
}
