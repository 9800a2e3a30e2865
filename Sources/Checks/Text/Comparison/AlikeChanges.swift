internal import KernelFormats
internal import KernelModel

/// Tells hooks from a kernel whose build patches instructions by a rule that is not known here, where no mechanism may write:
/// then places in many functions differ in one and the same way.
///
/// Hooks may be alike, too: code that stops, jumps through memory, or leads to mapped memory that is not the kernel's code is never set
/// aside, however often it is found.
struct AlikeChanges {
  /// How a place differs: the vendor's instruction, and that in memory, both without their operands.
  struct Form: Hashable {
    var expected: [UInt8]
    var observed: [UInt8]
  }

  /// So few places are never a rule of the kernel's; nor are those of so few functions.
  static let fewest = 64
  private static let fewestFunctions = 32

  private let kernel: Kernel
  private let image: TextImage

  /// - Parameter image: the bytes that memory was compared with.
  init(_ kernel: Kernel, image: TextImage) {
    self.kernel = kernel
    self.image = image
  }

  /// The forms that so many of `runs` have that they are a rule of the kernel's.
  func rules(among runs: [UnexplainedRun]) -> [Form: [UnexplainedRun]] {
    guard runs.count >= Self.fewest else { return [:] }
    return grouped(runs).filter { _, alike in
      guard alike.count >= Self.fewest else { return false }
      let functions = Set(alike.map { kernel.symbols.nearest(atOrBelow: $0.address)?.address })
      return functions.count >= Self.fewestFunctions
    }
  }

  /// Those of `runs` that have one of `forms`.
  func runs(among runs: [UnexplainedRun], of forms: Set<Form>) -> [Form: [UnexplainedRun]] {
    forms.isEmpty ? [:] : grouped(runs).filter { forms.contains($0.key) }
  }

  private func grouped(_ runs: [UnexplainedRun]) -> [Form: [UnexplainedRun]] {
    var groups: [Form: [UnexplainedRun]] = [:]
    for run in runs {
      if let form = form(of: run) { groups[form, default: []].append(run) }
    }
    return groups
  }

  /// How `run` differs, or nil if it is no code, or leads astray.
  private func form(of run: UnexplainedRun) -> Form? {
    switch kernel.owner(of: run.address) {
    case .kernelText, .module: break
    case .kernelData, .generatedCode, .nobody: return nil
    }
    let start = image.instructionStart(around: run.address.rawValue, in: kernel)
    let end = run.address.rawValue &+ UInt64(run.observed.count)
    guard end > start, end - start <= 256 else { return nil }
    let count = min(Int(end - start) + Machine.InstructionShape.mostBytes, image.byteCount(from: start))
    guard count > 0, let place = image.pointer(at: start, count: count),
      let expected = Self.bytesWithoutOperands(UnsafeRawBufferPointer(start: place, count: count))
    else { return nil }
    let bytes: [UInt8]
    do throws(MemoryFault) {
      bytes = try kernel.memory.bytes(at: KernelAddress(start), count: count)
    } catch {
      return nil  // it was readable a moment ago, and is judged by itself
    }
    return bytes.withUnsafeBytes { bytes in
      guard staysInside(bytes, at: start, until: end), let observed = Self.bytesWithoutOperands(bytes) else {
        return nil
      }
      return Form(expected: expected, observed: observed)
    }
  }

  /// Whether each instruction of `bytes` up to `end` goes on behind itself, returns, or leads to the kernel's own code.
  private func staysInside(_ bytes: UnsafeRawBufferPointer, at start: UInt64, until end: UInt64) -> Bool {
    var offset = 0
    var follows = true
    while offset < bytes.count, start &+ UInt64(offset) < end {
      let rest = UnsafeRawBufferPointer(rebasing: bytes[offset...])
      guard let shape = Machine.InstructionShape(rest), !shape.isIndirectBranch, !shape.isBreakpoint || !follows,
        shape.addresses(in: rest, at: start &+ UInt64(offset)).allSatisfy(isInside)
      else { return false }
      follows = !shape.endsFlow && (follows || !shape.isBreakpoint)
      offset += Int(shape.length)
    }
    return true
  }

  /// Whether `value` is the kernel's own, or no address of anything.
  private func isInside(_ value: UInt64) -> Bool {
    let address = KernelAddress(value)
    guard address.isInKernelHalf, kernel.mappings.mapping(of: address).page != nil else { return true }
    switch kernel.owner(of: address) {
    case .kernelText, .kernelData: return true
    case .module, .generatedCode, .nobody: return false
    }
  }

  /// The first instruction of `bytes`, with zeros for its displacement and its immediate.
  private static func bytesWithoutOperands(_ bytes: UnsafeRawBufferPointer) -> [UInt8]? {
    guard let shape = Machine.InstructionShape(bytes) else { return nil }
    var instruction = Array(bytes.prefix(Int(shape.length)))
    for range in shape.operands { for index in range { instruction[index] = 0 } }
    return instruction
  }
}
