internal import KernelModel

/// The parts of an implant in an order that depends on nothing but themselves.
extension Implant {
  var sortedSites: [Site] { sites.sorted { $0.address < $1.address } }

  var sortedSymbols: [Symbol] {
    symbols.sorted { ($0.address, $0.name, $0.module ?? "") < ($1.address, $1.name, $1.module ?? "") }
  }

  var sortedStrings: [FoundString] { strings.sorted(by: FoundString.precedes) }

  /// The nearest symbol at or below `address`, if both lie in memory that this implant is about.
  ///
  /// The symbols of the implant are not all of the kernel's: for an address elsewhere, only one that names it exactly
  /// is an answer.
  func place(of address: KernelAddress) -> Place? {
    let region = ([run] + referencedRuns).first { $0.contains(address) }
    var best: Symbol?
    for symbol in sortedSymbols {
      guard symbol.address == address || region?.contains(symbol.address) == true else { continue }
      guard symbol.address <= address else { break }
      if best?.address != symbol.address { best = symbol }
    }
    guard let best, let offset = address.offset(from: best.address) else { return nil }
    return Place(symbol: best.name, offset: offset, module: best.module)
  }

  /// On which sides its memory goes on beyond what was looked at; nil if on neither.
  var beyond: PlainText? {
    guard continuesBelow || continuesAbove else { return nil }
    let sides: [PlainText] = (continuesBelow ? ["below"] : []) + (continuesAbove ? ["above"] : [])
    return "\(PlainText.join(sides, " and ")) what was looked at; --around looks further"
  }

  /// The place as listings of code write it: `<hack_read>`, `<hack_read+0x10>`.
  func name(of address: KernelAddress) -> PlainText? {
    guard let place = place(of: address) else { return nil }
    return place.offset == 0 ? "<\(place.symbol)>" : "<\(place.symbol)+\(place.offset.hexadecimal)>"
  }
}

extension Symbol {
  /// Address and name, as lists show it.
  var line: PlainText {
    let module: PlainText = module.map { " [\($0)]" } ?? ""
    return "\(address)  \(name)\(module)"
  }
}

extension FoundString {
  static func precedes(_ left: FoundString, _ right: FoundString) -> Bool {
    (left.address, left.encoding.rawValue, left.text) < (right.address, right.encoding.rawValue, right.text)
  }
}
