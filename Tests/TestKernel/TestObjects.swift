internal import KernelFormats
internal import KernelModel
package import KernelObjects

/// Kernel structures in memory, laid out by type information: whoever makes them counts no offsets.
///
/// ```swift
/// let kernel = TestObjects(types)
/// let first = kernel.make("task_struct") { $0["pid"] = 1 }
/// kernel.list("tasks", of: [first], linkedBy: "tasks")
/// ```
package final class TestObjects {
  package let memory: SparseMemory
  package let types: KernelTypes
  private var symbols: [Symbol] = [
    Symbol(name: "jiffies_64", address: KernelAddress(0xffff_ffff_82ff_0000), type: 0x44)
  ]
  private var next: UInt64

  /// - Parameters:
  ///   - types: a `.BTF` section.
  ///   - heap: where structures are put.
  package init(
    _ types: [UInt8], in memory: SparseMemory = SparseMemory(), heap: UInt64 = 0xffff_8880_0010_0000
  ) throws {
    let contents = types.withUnsafeBytes { VendorObject.Contents(copying: Array($0)) }
    self.types = KernelTypes(try BTF(contents.bytes, owner: contents))
    self.memory = memory
    next = heap
  }

  /// One structure.
  package struct Object {
    package let address: UInt64
    fileprivate let structure: String
    let kernel: TestObjects

    /// The address of a member.
    package func place(of path: String) -> UInt64 {
      guard let member = kernel.types.structure(structure)?.member(path) else {
        preconditionFailure("\(structure) has no \(path)")
      }
      return address &+ UInt64(member.byteOffset)
    }

    /// An integer or pointer.
    package subscript(path: String) -> UInt64 {
      get {
        (try? kernel.memory.load(UInt64.self, at: KernelAddress(place(of: path)))) ?? 0
      }
      nonmutating set {
        guard let member = kernel.types.structure(structure)?.member(path) else {
          preconditionFailure("\(structure) has no \(path)")
        }
        let bytes = (0..<member.elementByteCount).map { UInt8(truncatingIfNeeded: newValue >> UInt64($0 * 8)) }
        kernel.memory.write(bytes, at: KernelAddress(place(of: path)))
      }
    }

    /// Writes text with a NUL behind it.
    package func set(_ path: String, to text: String) {
      kernel.memory.write(string: text, at: KernelAddress(place(of: path)))
    }
  }

  /// A zeroed structure, filled by `fill`.
  ///
  /// - Parameter address: where; next to the last one if nothing is said.
  @discardableResult
  package func make(
    _ structure: String, at address: UInt64? = nil, _ fill: (Object) -> Void = { _ in }
  ) -> Object {
    guard let byteCount = types.structure(structure)?.byteCount else { preconditionFailure("there is no \(structure)") }
    let object = Object(address: address ?? next, structure: structure, kernel: self)
    if address == nil { next += UInt64(byteCount + 15) & ~15 }
    memory.write([UInt8](repeating: 0, count: byteCount), at: KernelAddress(object.address))
    fill(object)
    return object
  }

  /// Gives a name to an address.
  package func name(_ name: String, _ address: UInt64, type: Unicode.Scalar = "d") {
    symbols.append(Symbol(name: name, address: KernelAddress(address), type: UInt8(ascii: type)))
  }

  /// Links structures into a circular list whose head is at `head`.
  package func link(_ objects: [Object], by path: String, head: UInt64) {
    let nodes = [head] + objects.map { $0.place(of: path) }
    for (node, following) in zip(nodes, nodes.dropFirst() + [head]) {
      memory.write(following, at: KernelAddress(node))
      memory.write(node, at: KernelAddress(following + 8))
    }
  }

  /// Links structures into a chain that the address at `head` begins and 0, or another `end`, ends.
  package func chain(_ objects: [Object], by path: String, head: UInt64, end: UInt64 = 0) {
    let nodes = [head] + objects.map { $0.place(of: path) }
    for (node, following) in zip(nodes, nodes.dropFirst() + [end]) { memory.write(following, at: KernelAddress(node)) }
  }

  /// What is in memory now.
  package var snapshot: Snapshot {
    var builder = SymbolTable.Builder()
    for symbol in symbols { builder.add(symbol) }
    return Snapshot(
      symbols: SymbolIndex(SymbolTable(builder), of: "a test's types"), types: types, live: LivePages(memory))
  }
}
