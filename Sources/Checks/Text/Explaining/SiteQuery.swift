package import KernelModel

/// A place as a person names it: `0xffffffff81234567`, `vfs_read`, `vfs_read+0x10`, `hack_read+0x4 [hooked]`.
///
/// That is how findings name places too. Numbers are hexadecimal, with or without `0x`.
package struct SiteQuery: Hashable, Sendable, CustomStringConvertible {
  /// Why a query leads to no address, or to several.
  package struct Unresolved: Error, Hashable, Sendable, CustomStringConvertible {
    package var description: String
  }

  package let description: String
  private let name: String
  private let offset: UInt64
  private let module: String?

  /// Places listed of a name that stands for several.
  private static let mostCandidates = 24

  /// - Returns: nil if `text` is no place.
  package init?(_ text: String) {
    description = text
    var rest = text[...]
    if let bracket = rest.lastIndex(of: "["), rest.last == "]" {
      let inside = rest[rest.index(after: bracket)...].dropLast()
      guard !inside.isEmpty else { return nil }
      module = String(inside)
      rest = rest[..<bracket]
      while rest.last == " " { rest.removeLast() }
    } else {
      module = nil
    }
    if let plus = rest.lastIndex(of: "+") {
      guard let number = Self.number(rest[rest.index(after: plus)...]) else { return nil }
      offset = number
      rest = rest[..<plus]
    } else {
      offset = 0
    }
    guard !rest.isEmpty, !rest.contains(where: \.isWhitespace) else { return nil }
    name = String(rest)
  }

  /// The address that is meant in `kernel`.
  ///
  /// What could be a name or a number is a name if there is one.
  package func address(in kernel: Kernel) throws(Unresolved) -> KernelAddress {
    let start = try start(in: kernel)
    guard let address = start.advanced(by: offset) else {
      throw Unresolved(description: "\(description) is past the top of the address space")
    }
    return address
  }

  private func start(in kernel: Kernel) throws(Unresolved) -> KernelAddress {
    let number = module == nil ? Self.number(name[...]) : nil
    if let number, name.hasPrefix("0x") { return KernelAddress(number) }
    let found = kernel.symbols.symbols(named: name).filter { module == nil || $0.module == module }
    guard let first = found.first else {
      if let number { return KernelAddress(number) }
      throw Unresolved(description: "kallsyms names no \(name)\(module.map { " of module \($0)" } ?? "")")
    }
    guard !kernel.symbols.addressesAreWithheld else { throw Unresolved(description: "\(CannotCheck.symbolsWithheld)") }
    guard found.allSatisfy({ $0.address == first.address }) else {
      let places = found.prefix(Self.mostCandidates).map { symbol in
        "\(symbol.address)" + (symbol.module.map { " [\($0)]" } ?? "")
      }
      let more = found.count > places.count ? " and \(found.count - places.count) more" : ""
      throw Unresolved(
        description: "\(name) stands for \(found.count) places; ask for one of them by its address: "
          + places.joined(separator: ", ") + more)
    }
    return first.address
  }

  private static func number(_ digits: Substring) -> UInt64? {
    let bare = digits.hasPrefix("0x") ? digits.dropFirst(2) : digits
    guard bare.first != "+", bare.first != "-" else { return nil }
    return UInt64(bare, radix: 16)
  }
}
