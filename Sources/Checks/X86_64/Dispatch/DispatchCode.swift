internal import KernelFormats
internal import KernelModel

/// The code that dispatches system calls: in memory, and in the vendor's image if that can be had.
struct DispatchCode: SystemCallDispatch {
  let kernel: Kernel
  let live: CodeMap
  private(set) var reference: CodeMap?
  /// Where the image was read from, or why there is none.
  private(set) var image: Result<String, Withheld> = .failure(
    Withheld("the vendor's image", why: "it was not read"))
  private let disassembler: X86_64.Disassembler

  /// - Throws: if this kernel's code cannot be followed at all.
  init(of kernel: Kernel) throws(CannotCheck) {
    try self.init(live: kernel)
    do throws(Withheld) {
      let offset = try kernel.identity.kaslrOffset.get()
      let object = try kernel.reference.kernelImage()
      reference = CodeMap(ImageCode(object), shift: offset, kernel: kernel, disassembler: disassembler)
      image = .success(object.source)
    } catch {
      image = .failure(error)
    }
  }

  /// The code in memory only.
  init(live kernel: Kernel) throws(CannotCheck) {
    try kernel.requireKnownMachine()
    guard !kernel.symbols.addressesAreWithheld else { throw .symbolsWithheld }
    guard kernel.text != nil else { throw .symbolMissing("_stext and _etext") }
    let disassembler: X86_64.Disassembler
    do throws(DisassemblerError) {
      disassembler = try X86_64.Disassembler()
    } catch {
      throw .withheld(Withheld("the disassembler", why: "\(error)"))
    }
    self.kernel = kernel
    self.disassembler = disassembler
    live = CodeMap(LiveCode(kernel.memory), shift: 0, kernel: kernel, disassembler: disassembler)
  }

  static var entryFunctions: [String] { EntryChain.functions }

  func examineEntry(into examination: inout Examination) -> Set<String> {
    CPUEntry(kernel: kernel).examine(into: &examination)
    let fred = FredState(of: kernel)
    examination.remark(fred.sentence)
    examination.note(Subject("FRED"), .text(fred.fact))
    return EntryChain(live: live, reference: reference).examine(into: &examination)
  }

  func examine(
    _ abi: SystemCallABI, _ interceptions: Interceptions?, broken: Set<String>, into examination: inout Examination
  ) {
    DispatchComparison(of: abi, code: self, interceptions: interceptions).examine(broken: broken, into: &examination)
  }
}
