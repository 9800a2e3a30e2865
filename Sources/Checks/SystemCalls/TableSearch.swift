internal import KernelModel

/// Finds a system call table by its content: where the addresses of known handlers stand at their own numbers.
///
/// Every word that is the address of a handler votes for the place where number 0 would be. Tampered entries do not
/// vote, so a table with many replaced entries is still found.
struct TableSearch {
  let kernel: Kernel
  let abi: SystemCallABI

  /// Votes that a place needs, of several hundred.
  private static let votesNeeded = 64
  /// Bytes searched at most after the kernel's code, where read-only data lies.
  private static let reach: UInt64 = 64 << 20
  private static let chunk: UInt64 = 64 << 10

  /// The address of entry 0, or nil if no place has votes enough.
  func find() throws(CannotCheck) -> KernelAddress? {
    let numbers = numbersOfHandlers()
    guard !numbers.isEmpty else { throw .symbolMissing("\(abi.handlerPrefixes[0])sys_*") }
    var votes: [UInt64: Int] = [:]
    var position = searchStart
    guard let start = position else { throw .symbolMissing("_etext") }
    let end = kernel.image?.end ?? start.advanced(by: Self.reach)
    while let current = position, end.map({ current < $0 }) ?? true {
      guard let words = words(at: current) else { break }
      for (index, word) in words.enumerated() {
        for number in numbers[word.rawValue] ?? [] {
          let place = current.rawValue &+ UInt64(index) * 8 &- UInt64(number) * 8
          votes[place, default: 0] += 1
        }
      }
      position = current.advanced(by: Self.chunk)
    }
    let best = votes.max { ($0.value, $1.key) < ($1.value, $0.key) }
    guard let best, best.value >= Self.votesNeeded else { return nil }
    return KernelAddress(best.key)
  }

  /// Where read-only data begins: at `__start_rodata` if that has a name, else after the code.
  private var searchStart: KernelAddress? {
    if let symbol = kernel.symbols.symbols(named: "__start_rodata").first { return symbol.address }
    return kernel.text?.end?.pageStart
  }

  private func numbersOfHandlers() -> [UInt64: [Int]] {
    var numbersOfCalls: [String: [Int]] = [:]
    for entry in abi.numbers {
      for call in Set(entry.entryPoints.compactMap { Machine.call(ofEntryPoint: $0[...]) }) {
        numbersOfCalls[call, default: []].append(entry.number)
      }
    }
    var numbers: [UInt64: [Int]] = [:]
    for prefix in abi.handlerPrefixes {
      for symbol in kernel.symbols.symbols(withPrefix: prefix) where symbol.module == nil && symbol.isText {
        guard let call = abi.call(handledBy: symbol.name), call != SystemCallABI.notImplemented else { continue }
        numbers[symbol.address.rawValue, default: []] += numbersOfCalls[call] ?? []
      }
    }
    // The one handler of all calls that were compiled out says nothing about a place.
    return numbers.filter { $0.value.count <= 4 }
  }

  /// The words of one chunk, or nil where memory ends.
  private func words(at address: KernelAddress) -> [KernelAddress]? {
    do throws(MemoryFault) {
      return try kernel.memory.pointers(at: address, count: Int(Self.chunk / 8))
    } catch {
      return nil  // the end of the kernel image: there is nothing left to search
    }
  }
}
