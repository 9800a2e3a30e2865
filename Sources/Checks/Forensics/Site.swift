internal import KernelFormats
internal import KernelModel

/// The bytes and instructions at one address that findings lead to.
struct Site {
  let site: Implant.Site

  private static let linesBefore: UInt64 = 2
  private static let lineByteCount: UInt64 = 16
  private static let byteCount = 128
  private static let instructionCount = 24

  init(at address: KernelAddress, subjects: [Subject], in kernel: Kernel) {
    let line = address.aligned(downTo: Self.lineByteCount)
    let start = line.retreated(by: Self.linesBefore * Self.lineByteCount) ?? line
    let (shownStart, shown) = Self.bytes(from: start, orFrom: line, in: kernel)
    var instructions: [Instruction] = []
    let (_, code) = Self.bytes(from: address, orFrom: address, in: kernel)
    do throws(DisassemblerError) {
      let disassembler = try Machine.Disassembler()
      instructions = disassembler.decode(code.span, at: address, limit: Self.instructionCount).map(\.instruction)
    } catch {
      instructions = []  // the bytes are shown all the same
    }
    site = Implant.Site(
      address: address, subjects: subjects.sorted(), bytesStart: shownStart, bytes: shown, instructions: instructions)
  }

  /// Up to 128 bytes from the first of the two addresses where something is mapped; fewer at the end of a mapping.
  ///
  /// What the page tables do not map is not read: `/proc/kcore` would give zeros for it, and they would be believed.
  private static func bytes(
    from first: KernelAddress, orFrom second: KernelAddress, in kernel: Kernel
  ) -> (KernelAddress, [UInt8]) {
    for start in [first, second] where isMapped(start, in: kernel) {
      for count in [byteCount, 64, 16] {
        guard let last = start.advanced(by: UInt64(count - 1)), isMapped(last, in: kernel) else { continue }
        do throws(MemoryFault) {
          return (start, try kernel.memory.bytes(at: start, count: count))
        } catch {
          continue  // fewer bytes, or a later start, may still be readable
        }
      }
    }
    return (second, [])
  }

  private static func isMapped(_ address: KernelAddress, in kernel: Kernel) -> Bool {
    kernel.mappings.mapping(of: address) != .unmapped
  }
}
