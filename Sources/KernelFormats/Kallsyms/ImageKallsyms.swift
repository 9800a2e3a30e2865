package import KernelModel

/// The symbols that a kernel image holds of itself: the tables of kernel/kallsyms.c, at their link-time addresses.
///
/// scripts/kallsyms.c (Linux v5.10, v6.1, v6.12 and v7.2) writes them one after the other into the read-only data, each
/// aligned to 8 bytes, or 4 since v7:
///
/// - up to v6.3: addresses, base, count, names, markers, order (not in v5.10), tokens, token index;
/// - later: count, names, markers, tokens, token index, addresses, base (not in v7.2), order.
///
/// Nothing says where, so the tokens are looked for, and everything else is checked against them and each other.
package struct ImageKallsyms {
  /// No name is longer, in bytes; what goes on is cut, as the kernel does.
  ///
  /// KSYM_NAME_LEN less the NUL, since Linux kernel commit b8a94bfb3395 ("kallsyms: increase maximum kernel symbol
  /// length to 512") (in v6.1).
  package static let longestName = 511

  /// How many symbols there are.
  package let count: Int
  /// The link-time address of `_text`, as given.
  private let text: UInt64
  private let tokens: KallsymsTokens
  private let names: KallsymsNames
  private let addresses: KallsymsAddresses

  /// Finds the tables; takes a few milliseconds.
  ///
  /// - Parameters:
  ///   - bytes: the image's read-only data (the section `.rodata`); they must stay as they are for as long as this value
  ///     is used.
  ///   - address: the link-time address of the first of them.
  ///   - text: the link-time address of `_text`, which no symbol of code or data lies below.
  package init(
    _ bytes: UnsafeRawBufferPointer, at address: UInt64, text: UInt64
  ) throws(ImageKallsymsError) {
    var error = ImageKallsymsError.noTokens(byteCount: bytes.count)
    var start = 0
    // A kernel has one place that looks like its tokens; hostile bytes may have many.
    for _ in 0..<4 {
      guard let tokens = KallsymsTokens(in: bytes, at: address, from: &start) else { break }
      guard let names = KallsymsNames(in: bytes, at: address, before: tokens) else {
        error = .noNames(tokens: address &+ UInt64(tokens.place.lowerBound))
        continue
      }
      guard let addresses = KallsymsAddresses(in: bytes, at: address, names: names, tokens: tokens, text: text) else {
        error = .noAddresses(names: names.count)
        continue
      }
      count = names.count
      self.text = text
      self.tokens = tokens
      self.names = names
      self.addresses = addresses
      return
    }
    throw error
  }

  /// Calls `body` with each symbol's name, type (the letter that `nm` shows) and link-time address, lowest address first.
  ///
  /// The name is gone once `body` returns.
  package func forEach(_ body: (_ name: Span<UInt8>, _ type: UInt8, _ address: UInt64) -> Void) {
    // The type is the first character of what the tokens spell.
    let room = 1 + Self.longestName
    withUnsafeTemporaryAllocation(byteCount: room + KallsymsTokens.slack, alignment: 8) { buffer in
      var position = names.place.lowerBound
      for index in 0..<count {
        let symbols = names.symbols(at: &position)
        let length = tokens.spell(symbols, into: buffer, room: room)
        let name = UnsafeBufferPointer(buffer.bindMemory(to: UInt8.self)).extracting(min(1, length)..<length)
        body(name.span, length > 0 ? buffer[0] : UInt8(ascii: "?"), addresses[index])
      }
    }
  }

  /// All symbols, ready to be looked up.
  ///
  /// - Parameters:
  ///   - offset: how far the kernel was moved from its link-time addresses; what lies below ``text`` has none, as per-CPU
  ///     variables up to v6.14, and stays as it is.
  ///   - known: a table to use instead, if the kernel's own symbols in it are the same: a table takes ten megabytes, and as
  ///     long to make as to spell all names three times.
  package func symbolTable(movedBy offset: UInt64 = 0, orSame known: SymbolTable = .empty) -> SymbolTable {
    if known.count > 0, areThose(of: known, movedBy: offset) { return known }
    var builder = SymbolTable.Builder()
    builder.reserve(symbolCount: count, nameByteCount: count * 24)
    forEach { name, type, address in
      builder.add(name: name, address: moved(address, by: offset), type: type)
    }
    return SymbolTable(builder)
  }

  /// Whether the kernel's own symbols in a table are these, one by one and in the same order.
  ///
  /// - Parameter offset: as ``symbolTable(movedBy:orSame:)`` takes it.
  package func areThose(of table: SymbolTable, movedBy offset: UInt64 = 0) -> Bool {
    var own = table.ofTheKernel
    var areSame = true
    forEach { name, type, address in
      if areSame, !name.isEmpty { areSame = own.takeNext(name, moved(address, by: offset), type) }
    }
    return areSame && own.isAtEnd
  }

  private func moved(_ address: UInt64, by offset: UInt64) -> UInt64 { address < text ? address : address &+ offset }
}

/// Why the symbol tables in a kernel image were not found.
package enum ImageKallsymsError: Error, Hashable, Sendable {
  /// No token table: nothing holds the digits as they stand in one, with an index that fits behind it.
  case noTokens(byteCount: Int)
  /// No names before the token table, whose link-time address is given.
  case noNames(tokens: UInt64)
  /// No addresses that fit the names; how many names there are.
  case noAddresses(names: Int)
}

extension ImageKallsymsError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .noTokens(let byteCount):
      "no kallsyms token table in \(byteCount) bytes of read-only data; was the kernel built without CONFIG_KALLSYMS?"
    case .noNames(let tokens):
      "no kallsyms names before the token table at \(tokens.hexadecimal)"
    case .noAddresses(let names):
      "no kallsyms addresses that fit its \(names) names"
    }
  }
}
