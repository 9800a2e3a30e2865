internal import KernelFormats
internal import KernelModel

/// A file in which the kernel itself lists what is registered, and the list or table that it walks to make it.
package struct ToldRow: Sendable {
  /// Where things hang of which the file tells.
  enum Start: Sendable {
    /// At a variable; a kernel has what one of these leads to.
    case variables([RegisteredRow.Step])
    /// At the network namespace of the first process.
    case network([RegisteredRow.Step])
  }

  /// What is registered, in the plural, as a ``RegisteredRow`` calls it.
  package let name: String
  /// Below `/`.
  package let file: String
  let starts: [Start]
  /// Whether the file tells of nothing else; it tells of each at least once.
  package let isWhole: Bool
  /// Whether several of one name are told once.
  package let isOnce: Bool
  /// What the file calls one of them; nil if it is not told there.
  ///
  /// It is given the first process's network as well, and throws if a name cannot be read.
  let label: @Sendable (KernelObject, KernelObject?) throws(CannotCheck) -> String?
  /// What stands before that, by what the thing was come to.
  let place: @Sendable (String) -> String
  /// The names that a text has.
  private let names: @Sendable (String) -> [String]

  init(
    _ name: String, _ file: String, _ starts: [Start], isWhole: Bool = true, isOnce: Bool = false,
    place: @escaping @Sendable (String) -> String = { _ in "" },
    label: @escaping @Sendable (KernelObject, KernelObject?) throws(CannotCheck) -> String?,
    names: @escaping @Sendable (String) -> [String]
  ) {
    self.name = name
    self.file = file
    self.starts = starts
    self.isWhole = isWhole
    self.isOnce = isOnce
    self.place = place
    self.label = label
    self.names = names
  }

  /// How often each name is told.
  package func told(_ text: String) -> [String: Int] {
    Dictionary(names(text).map { (Self.bare($0), 1) }) { $0 + $1 }
  }

  /// What is in the first process's network, and not in others.
  package var isOfNetwork: Bool { file.hasPrefix("proc/1/net/") || file == ToldLists.netfilterHooks }

  /// Without blanks at its ends, and with one between words: the kernel fills columns with them.
  private static func bare(_ text: String) -> String {
    text.utf8.split { $0 == 0x20 || $0 == 0x09 }.map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
  }
}

extension ToldRow {
  /// What memory has of a row.
  package struct Members {
    /// By address: what it is called, and the thing itself.
    package fileprivate(set) var named: [UInt64: (name: String, object: KernelObject)] = [:]
    /// Those whose name cannot be compared.
    package fileprivate(set) var unnamed: Set<UInt64> = []
    /// Whether this is all.
    package fileprivate(set) var areAll = true
  }

  /// What is in memory now; nil if this kernel has no such list, or lays it out in a way that no row knows.
  ///
  /// - Parameter network: the first process's `struct net`; nil if it is not known.
  package func members(_ snapshot: Snapshot, network: KernelObject?) -> Members? {
    var members: Members?
    for start in starts {
      let steps: [RegisteredRow.Step]
      var first: KernelObject?
      switch start {
      case .variables(let some): steps = some
      case .network(let some):
        guard let network else { continue }
        (steps, first) = (some, network)
      }
      do throws(CannotCheck) {
        guard
          case .found(let walk, let areMore) = try snapshot.registrations(of: RegisteredRow(name, steps), from: first)
        else { continue }
        var some = members ?? Members()
        if areMore || walk.obstacle != nil { some.areAll = false }
        for thing in walk.elements { add(thing, network, to: &some) }
        members = some
      } catch {
        // The check of what is registered says why this cannot be followed.
        members = members ?? Members()
        members?.areAll = false
      }
    }
    return members
  }

  private func add(_ thing: Registration, _ network: KernelObject?, to members: inout Members) {
    let object = thing.object
    do throws(CannotCheck) {
      guard let name = try label(object, network).map({ Self.bare("\(place(thing.trail)) \($0)") }) else { return }
      if !name.isEmpty, name.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x7f }) {
        members.named[object.address] = (name, object)
        return
      }
    } catch {
      // What cannot be read has no name that a file could be asked for.
    }
    members.unnamed.insert(object.address)
  }
}
