internal import KernelModel

/// The addresses of a kernel image's symbols, at most 2 GiB from what they are counted from: 32 bits each, ascending.
///
/// kernel/kallsyms.c, `kallsyms_sym_address` (Linux v6.12 and v7.2).
struct KallsymsAddresses {
  private enum Form {
    /// Counted from a base, never below it.
    case aboveBase(UInt64)
    /// Up to v6.14: 0 and more are the address itself (that of a per-CPU variable, say), and less than 0 is counted
    /// from the base, -1 being the base itself (CONFIG_KALLSYMS_ABSOLUTE_PERCPU).
    case absoluteOrBelow(UInt64)
    /// Counted from where the number itself lies; given is where the first does.
    case fromItself(UInt64)
  }

  private let bytes: UnsafeRawBufferPointer
  private let start: Int
  private let form: Form

  /// The addresses before or behind the other tables, or nil if there are none that ascend and reach `text`.
  init?(
    in bytes: UnsafeRawBufferPointer, at address: UInt64, names: KallsymsNames, tokens: KallsymsTokens, text: UInt64
  ) {
    let byteCount = names.count * 4
    func padding(after offset: Int) -> Int {
      KallsymsTokens.padding(after: offset, at: address, to: names.alignment)
    }
    /// The base at `place`: an address in the top 2 GiB, where the kernel image is linked.
    func base(at place: Int) -> UInt64? {
      guard place >= 0, place <= bytes.count - 8 else { return nil }
      let base = bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)
      return KernelAddress(base).isBelowImage ? nil : base
    }
    var candidates: [(start: Int, forms: [Form])] = []
    if let base = base(at: names.countPlace - 8) {
      let start = names.countPlace - 8 - (byteCount + names.alignment - 1) / names.alignment * names.alignment
      candidates.append((start, [.absoluteOrBelow(base), .aboveBase(base)]))
    }
    let behind = tokens.place.upperBound + padding(after: tokens.place.upperBound)
    if let base = base(at: behind + byteCount + padding(after: behind + byteCount)) {
      candidates.append((behind, [.absoluteOrBelow(base), .aboveBase(base)]))
    }
    candidates.append((behind, [.fromItself(address &+ UInt64(behind))]))

    self.bytes = bytes
    for (start, forms) in candidates where start >= 0 && start <= bytes.count - byteCount {
      for form in forms where Self(bytes, start, form).ascend(count: names.count, past: text) {
        self.start = start
        self.form = form
        return
      }
    }
    return nil
  }

  private init(_ bytes: UnsafeRawBufferPointer, _ start: Int, _ form: Form) {
    self.bytes = bytes
    self.start = start
    self.form = form
  }

  /// The link-time address of the symbol of number `index`.
  subscript(index: Int) -> UInt64 {
    let offset = bytes.loadUnaligned(fromByteOffset: start + index * 4, as: Int32.self)
    let distance = UInt64(bitPattern: Int64(offset))
    return switch form {
    case .aboveBase(let base): base &+ UInt64(UInt32(bitPattern: offset))
    case .absoluteOrBelow(let base): offset >= 0 ? distance : base &- 1 &- distance
    case .fromItself(let place): place &+ UInt64(index) * 4 &+ distance
    }
  }

  /// Whether no address is below the one before it, and the last is above `text`.
  private func ascend(count: Int, past text: UInt64) -> Bool {
    var previous: UInt64 = 0
    for index in 0..<count {
      let next = self[index]
      guard next >= previous else { return false }
      previous = next
    }
    return previous > text
  }
}
