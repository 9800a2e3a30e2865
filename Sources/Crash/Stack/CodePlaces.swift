internal import KernelFormats
internal import KernelModel
internal import KernelObjects

/// Which addresses are code, and what calls end at them.
final class CodePlaces {
  private let kernel: Kernel
  private let reader: Snapshot
  /// By the number of a page.
  private var known: [UInt64: Bool] = [:]

  /// Pages that are remembered at most.
  private static let mostKnown = 1 << 16

  init(_ kernel: Kernel, _ reader: Snapshot) {
    self.kernel = kernel
    self.reader = reader
  }

  /// Whether what lies at `address` may be executed; where the page tables do not say, whether its owner has code there.
  func isCode(_ address: KernelAddress) -> Bool {
    guard address.isInKernelHalf else { return false }
    if kernel.text?.contains(address) == true { return true }
    let page = address.rawValue >> Machine.pageShift
    if let known = known[page] { return known }
    let answer: Bool
    switch kernel.mappings.mapping(of: address) {
    case .mapped(let page): answer = page.isExecutable
    case .unmapped: answer = false
    case .unknown:
      switch kernel.owner(of: address) {
      case .kernelText, .module, .generatedCode: answer = true
      case .kernelData, .nobody: answer = false
      }
    }
    if known.count >= Self.mostKnown { known.removeAll() }
    known[page] = answer
    return answer
  }

  /// The call that ends at `address`, or nil if none does, or the bytes before it cannot be read.
  func call(endingAt address: KernelAddress) -> CallSite? {
    // A call may be the first bytes of what can be read.
    for byteCount in Machine.callByteCounts.reversed() {
      guard let start = address.retreated(by: UInt64(byteCount)) else { continue }
      guard let bytes = reader.live.bytes(at: start.rawValue, count: byteCount) else { continue }
      return PrecedingCall(endingAt: address, bytes, isCode: isCode).map { call in
        CallSite(call, isThroughThunk: call.target.map(isThunk) ?? false)
      }
    }
    return nil
  }

  /// The function of the kernel, or of a module, that `address` is in, by name.
  func function(of address: KernelAddress) -> Place? {
    guard var place = kernel.owner(of: address).place else { return nil }
    place.offset = 0
    return place
  }

  /// Whether the function there goes on to where a register says.
  private func isThunk(_ address: KernelAddress) -> Bool {
    kernel.symbols.symbols(at: address).contains(where: Machine.isIndirectThunk)
  }
}
