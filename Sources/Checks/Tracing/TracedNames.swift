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
  func functions(named names: Set<String>) -> [Set<UInt64>] {
    names.map { name in
      Set(kernel.symbols.symbols(named: name).filter { $0.module == nil }.map(\.address.rawValue))
    }
  }
}
