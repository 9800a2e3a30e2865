import KernelModel

/// Decodes the text of `/proc/kallsyms` in one pass, chunk by chunk.
///
/// Lines are `ffffffff81000000 T _stext` for the kernel image, and `ffffffffc0a31000 t hack_read`, a tab and
/// `[hooked]` for a module (kernel/kallsyms.c, `s_show`, Linux v6.12). Symbol names are whatever a module's author
/// wrote, so a line that cannot be decoded loses only itself.
package struct KallsymsDecoder {
  /// More symbols than this are not believed; a large distribution kernel has 250 000.
  package static let mostSymbols = 1 << 22
  /// The longest line kept while waiting for its end, in bytes: address, type, the longest name, and a module's name.
  private static let longestLine = SymbolTable.longestName + 1024
  /// How many bytes of the first malformed line are kept.
  private static let shownByteCount = 120

  private var builder = SymbolTable.Builder()
  private var symbolCount = 0
  private var lineNumber = 0
  private var malformedLines = 0
  private var firstMalformed: Kallsyms.MalformedLine?
  private var overlongNames = 0
  /// The beginning of a line whose end is in a chunk yet to come.
  private var pending: [UInt8] = []
  /// Whether the line in ``pending`` is already longer than ``longestLine``; the rest of it is passed over.
  private var isPendingCut = false
  private var lastModule: [UInt8] = []
  private var lastModuleNumber: UInt16 = 0

  /// - Parameter expectedSymbolCount: how many symbols to make room for.
  package init(expectedSymbolCount: Int = 0) {
    let count = min(max(expectedSymbolCount, 0), Self.mostSymbols)
    builder.reserve(symbolCount: count, nameByteCount: count * 24)
  }

  /// Takes the next bytes of the text; they may end anywhere, in the middle of a line too.
  package mutating func consume(_ chunk: Span<UInt8>) {
    var position = 0
    if !pending.isEmpty {
      let end = chunk.index(ofNewlineFrom: 0)
      keep(chunk.extracting(0..<(end ?? chunk.count)))
      guard let end else { return }
      decodePending()
      position = end + 1
    }
    while position < chunk.count {
      position = decodePlainLines(of: chunk, from: position)
      guard position < chunk.count else { return }
      guard let end = chunk.index(ofNewlineFrom: position) else {
        keep(chunk.extracting(position..<chunk.count))
        return
      }
      let line = chunk.extracting(position..<end)
      if line.count <= Self.longestLine {
        decode(line)
      } else {
        keep(line)
        decodePending()
      }
      position = end + 1
    }
  }

  /// All that was decoded; a last line without a newline counts.
  ///
  /// - Throws: if not one symbol was found, or more than ``mostSymbols``.
  package consuming func finish() throws(KallsymsError) -> Kallsyms {
    if !pending.isEmpty { decodePending() }
    guard symbolCount <= Self.mostSymbols else { throw .tooManySymbols(symbolCount) }
    guard symbolCount > 0 else { throw .noSymbols(malformedLines: malformedLines, overlongNames: overlongNames) }
    return Kallsyms(
      symbols: SymbolTable(builder), malformedLines: malformedLines, firstMalformed: firstMalformed,
      overlongNames: overlongNames)
  }

  /// Decodes the lines from `start` on that are as nearly all are: 16 digits, a type, and a name of the kernel's own.
  ///
  /// - Returns: where the first line begins that is of any other kind, or whose end is not in this chunk.
  private mutating func decodePlainLines(of chunk: Span<UInt8>, from start: Int) -> Int {
    var position = start
    chunk.withUnsafeBytes { bytes in
      // The longest plain line, and eight bytes that a step may look at beyond it, must lie in the chunk.
      while position <= bytes.count - 28 {
        let nameStart = position + 19
        guard let address = Self.address(in: bytes, at: position), bytes[position + 16] == UInt8(ascii: " "),
          bytes[position + 18] == UInt8(ascii: " "), bytes[position + 17] > 0x20, bytes[position + 17] < 0x7f,
          let end = Self.end(ofName: bytes, from: nameStart), bytes[end] == UInt8(ascii: "\n"), end > nameStart,
          end - nameStart <= SymbolTable.longestName, symbolCount < Self.mostSymbols
        else { return }
        lineNumber += 1
        symbolCount += 1
        builder.add(
          name: chunk.extracting(nameStart..<end), address: address, type: bytes[position + 17])
        position = end + 1
      }
    }
    return position
  }

  private static let ones: UInt64 = 0x0101_0101_0101_0101

  /// The number that 16 digits of lower-case hexadecimal write, or nil if they are none; eight are looked at in one
  /// step.
  private static func address(in bytes: UnsafeRawBufferPointer, at start: Int) -> UInt64? {
    var address: UInt64 = 0
    for offset in stride(from: start, to: start + 16, by: 8) {
      let digits = UInt64(bigEndian: bytes.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
      guard digits & (ones &* 0x80) == 0 else { return nil }
      // Each byte is below 0x80, so no sum carries into the next byte: the top bit says which side of a bound it is.
      let isDecimal = (digits &+ ones &* 0x50) & ~(digits &+ ones &* 0x46)
      let isLetter = (digits &+ ones &* 0x1f) & ~(digits &+ ones &* 0x19)
      guard (isDecimal | isLetter) & (ones &* 0x80) == ones &* 0x80 else { return nil }
      var value = (digits & (ones &* 0x0f)) &+ ((digits >> 6) & ones) &* 9
      value = (value | value >> 4) & 0x00ff_00ff_00ff_00ff
      value = (value | value >> 8) & 0x0000_ffff_0000_ffff
      address = address << 32 | (value | value >> 16) & 0xffff_ffff
    }
    return address
  }

  /// Where the first newline or tab at or after `start` is, or nil if the last whole eight bytes hold none.
  private static func end(ofName bytes: UnsafeRawBufferPointer, from start: Int) -> Int? {
    var position = start
    while position <= bytes.count - 8 {
      let word = UInt64(littleEndian: bytes.loadUnaligned(fromByteOffset: position, as: UInt64.self))
      let newlines = word ^ ones &* UInt64(UInt8(ascii: "\n"))
      let tabs = word ^ ones &* UInt64(UInt8(ascii: "\t"))
      // The lowest byte that is zero has its top bit set here, and no byte below it has.
      let zeros = ((newlines &- ones) & ~newlines | (tabs &- ones) & ~tabs) & (ones &* 0x80)
      if zeros != 0 { return position + zeros.trailingZeroBitCount / 8 }
      position += 8
    }
    return nil
  }

  private mutating func keep(_ bytes: Span<UInt8>) {
    let room = Self.longestLine - pending.count
    if bytes.count > room { isPendingCut = true }
    bytes.extracting(first: max(room, 0)).withUnsafeBufferPointer { pending.append(contentsOf: $0) }
  }

  private mutating func decodePending() {
    let line = pending
    pending.removeAll(keepingCapacity: true)
    decode(line.span, isCut: isPendingCut)
    isPendingCut = false
  }

  private mutating func decode(_ line: Span<UInt8>, isCut: Bool = false) {
    lineNumber += 1
    guard let (address, type, nameStart) = Self.fields(of: line) else {
      noteMalformed(line)
      return
    }
    guard !isCut else {
      overlongNames += 1
      return
    }
    var nameEnd = line.count
    var moduleNumber: UInt16 = 0
    if let moduleStart = Self.moduleStart(in: line, after: nameStart) {
      nameEnd = moduleStart - 2
      guard let number = number(ofModule: line.extracting(moduleStart..<line.count - 1)) else {
        noteMalformed(line)
        return
      }
      moduleNumber = number
    }
    guard nameEnd > nameStart else {
      noteMalformed(line)
      return
    }
    guard nameEnd - nameStart <= SymbolTable.longestName else {
      overlongNames += 1
      return
    }
    symbolCount += 1
    guard symbolCount <= Self.mostSymbols else { return }
    builder.add(
      name: line.extracting(nameStart..<nameEnd), address: address, type: type, moduleNumber: moduleNumber)
  }

  private mutating func noteMalformed(_ line: Span<UInt8>) {
    malformedLines += 1
    if firstMalformed == nil {
      let shown = line.extracting(first: Self.shownByteCount).withUnsafeBufferPointer { Array($0) }
      firstMalformed = Kallsyms.MalformedLine(number: lineNumber, bytes: shown)
    }
  }

  /// The address, the type letter and where the name starts, or nil if the line does not begin so.
  private static func fields(of line: Span<UInt8>) -> (address: UInt64, type: UInt8, nameStart: Int)? {
    var address: UInt64 = 0
    var position = 0
    while position < line.count, position < 16, let digit = HexDigit.value(line[position]) {
      address = address << 4 | UInt64(digit)
      position += 1
    }
    guard position > 0, position + 3 < line.count, line[position] == UInt8(ascii: " "),
      line[position + 2] == UInt8(ascii: " ")
    else { return nil }
    let type = line[position + 1]
    guard type > 0x20, type < 0x7f else { return nil }
    return (address, type, position + 3)
  }

  /// Where the module's name starts in a line that ends in a tab and `[name]`.
  ///
  /// The kernel writes the module last, so the last tab counts: a symbol whose name itself holds such an ending cannot
  /// pass for another module's.
  private static func moduleStart(in line: Span<UInt8>, after nameStart: Int) -> Int? {
    guard line[line.count - 1] == UInt8(ascii: "]") else { return nil }
    var position = line.count - 2
    while position >= nameStart {
      if line[position] == UInt8(ascii: "\t") {
        // At least one byte of name between the brackets.
        guard line[position + 1] == UInt8(ascii: "["), position + 3 < line.count else { return nil }
        return position + 2
      }
      position -= 1
    }
    return nil
  }

  /// The builder's number for a module; lines of one module follow one another, so the last one is remembered.
  private mutating func number(ofModule name: Span<UInt8>) -> UInt16? {
    if name.count == lastModule.count, lastModuleNumber != 0,
      lastModule.withUnsafeBufferPointer({ last in
        name.withUnsafeBufferPointer { $0.elementsEqual(last) }
      })
    {
      return lastModuleNumber
    }
    let text = name.withUnsafeBufferPointer { String(decoding: $0, as: UTF8.self) }
    guard let number = builder.moduleNumber(for: text) else { return nil }
    lastModule = name.withUnsafeBufferPointer { Array($0) }
    lastModuleNumber = number
    return number
  }
}

extension Span<UInt8> {
  /// Where the first newline at or after `start` is, or nil; eight bytes are looked at in one step.
  fileprivate func index(ofNewlineFrom start: Int) -> Int? {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let newlines = ones &* UInt64(UInt8(ascii: "\n"))
    var position = start
    let raw = bytes
    while position <= count - 8 {
      let word = UInt64(littleEndian: raw.unsafeLoadUnaligned(fromByteOffset: position, as: UInt64.self)) ^ newlines
      // The lowest byte that is zero has its top bit set here, and no byte below it has.
      let zeros = (word &- ones) & ~word & (ones &* 0x80)
      if zeros != 0 { return position + zeros.trailingZeroBitCount / 8 }
      position += 8
    }
    while position < count {
      if self[position] == UInt8(ascii: "\n") { return position }
      position += 1
    }
    return nil
  }
}
