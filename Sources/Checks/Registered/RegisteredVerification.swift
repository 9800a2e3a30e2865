package import KernelModel
internal import KernelObjects

/// What is registered without a report around it, for measurements.
package struct RegisteredVerification {
  private let structures: KernelStructures
  private let targets: RegisteredTargets
  private let kernel: Kernel

  /// - Throws: if the kernel's structures cannot be read.
  package init(_ kernel: Kernel) throws(CannotCheck) {
    self.kernel = kernel
    structures = try kernel.structures
    targets = RegisteredTargets(kernel, structures)
  }

  /// A word that may lead to code, of a thing itself and not of the tables that it has.
  package struct Word {
    package var place: KernelAddress
    package var value: UInt64
    /// What has it, and of which kind that is.
    package var thing: KernelAddress
    package var kind: String
    /// Whether it leads to a table of functions.
    package var isTable: Bool
  }

  /// All of them but gates, which hold an address in three parts.
  package var words: [Word] {
    let snapshot = structures.reader.reading(kernel.memory.fresh)
    var found: [Word] = []
    var seen: Set<UInt64> = []
    for row in RegisteredReading.rows {
      guard case .found(let walk, _) = try? snapshot.registrations(of: row) else { continue }
      for thing in walk.elements {
        for code in (try? thing.object.codeWords(row.reads)) ?? []
        where !code.word.isGate && seen.insert(code.word.place).inserted {
          found.append(
            Word(
              place: KernelAddress(code.word.place), value: code.word.value, thing: KernelAddress(thing.object.address),
              kind: row.name, isTable: !code.mayBeFunction))
        }
      }
    }
    return found
  }

  /// Where words stand that lead to nobody's code, of things themselves or of their tables, and whose they are.
  package var wrong: [(place: KernelAddress, thing: KernelAddress)] {
    let snapshot = structures.reader.reading(kernel.memory.fresh)
    return RegisteredReading.rows.flatMap { row in
      RegisteredLook(row, snapshot, targets).wrong.map {
        (KernelAddress($0.word.place), KernelAddress($0.structure))
      }
    }
  }
}
