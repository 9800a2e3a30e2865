/// Static calls by name: their trampolines in one object, and the keys that these go with.
struct StaticCallKeys {
  struct Trampoline {
    var name: String
    var address: UInt64
    var key: UInt64
  }

  let trampolines: [Trampoline]
  private let names: [UInt64: String]
  private let keysOfTrampolines: [UInt64: UInt64]

  /// - Parameters:
  ///   - trampolines: those that lie in the object.
  ///   - known: those of the kernel, which a module's calls may name too.
  init(_ trampolines: [Trampoline], known: [Trampoline] = []) {
    self.trampolines = trampolines
    names = Dictionary((trampolines + known).map { ($0.key, $0.name) }, uniquingKeysWith: { first, _ in first })
    keysOfTrampolines = Dictionary(
      known.map { ($0.address, $0.key) }, uniquingKeysWith: { first, _ in first })
  }

  func name(ofKey key: UInt64) -> String? { names[key] }

  /// The key that `reference` names: itself, or, where the key is not exported to modules, the one that goes with the
  /// trampoline it is the address of.
  ///
  /// Source: static_call_add_module() in kernel/static_call_inline.c (Linux v7.2).
  func key(for reference: UInt64) -> UInt64 { keysOfTrampolines[reference] ?? reference }
}
