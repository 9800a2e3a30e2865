internal import KernelModel

/// The kernel's own functions by their addresses and by their names, as tracefs tells them.
///
/// A function that several symbols name may be told by each of them, and a name may be that of several functions: it is told
/// if one of its names is, and what is told is any function of the name.
struct TracedNames {
  let kernel: Kernel

  init(_ kernel: Kernel) { self.kernel = kernel }

  /// The starts of the functions that the tracer's places are in.
  func functions(at places: [UInt64]) -> Set<UInt64> {
    Set(places.compactMap { kernel.symbols.nearest(atOrBelow: KernelAddress($0))?.address.rawValue })
  }

  /// The starts of the functions that each name may mean; a name that nothing bears means none.
  ///
  /// Kernels that clang's link-time optimisation made tell a name without what that added (`.llvm.8921463638014102906`):
  /// cleanup_symbol_name() in kernel/kallsyms.c (Linux v5.12 to v6.5). Each of `known` that may be told so is one more.
  func functions(named names: Set<String>, known: Set<UInt64>) -> [Set<UInt64>] {
    let exact = names.map { name in
      Set(kernel.symbols.symbols(named: name).filter { $0.module == nil }.map(\.address.rawValue))
    }
    let cut = known.filter { start in
      kernel.symbols.symbols(at: KernelAddress(start)).contains { symbol in
        symbol.name.contains(".") && names.contains(String(symbol.name.prefix { $0 != "." }))
      }
    }
    return exact + [cut]
  }
}
