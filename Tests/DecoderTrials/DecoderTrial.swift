import KernelFormats
import KernelModel

/// One decoder, put to any bytes at all: what every property test and every fuzzer runs.
///
/// A decoder must return or throw, whatever it is given, and keep its promises. A new decoder gets a case here, and
/// with it the property tests and a fuzz target.
package enum DecoderTrial: String, CaseIterable, Sendable {
  case coreFile = "core-file"
  case vmcoreinfo
  case kallsyms
  case procModules = "proc-modules"
  case pageTables = "page-tables"
  case printableStrings = "printable-strings"
  case disassembler
  case instructionShape = "instruction-shape"
  case btf
  case dwarf
  case imageKallsyms = "image-kallsyms"
  case bootImage = "boot-image"
  case moduleObject = "module-object"
  case packageArchive = "package-archive"
  case rpmHeader = "rpm-header"
  case patchSites = "patch-sites"
  case moduleRecords = "module-records"
  case baseline
  case captureManifest = "capture-manifest"
  case oopsText = "oops-text"
  case kernelLog = "kernel-log"
  case orc
  case vmcore
  case kdump
  case flattened
  case lime
  case avml
  case openPGP = "openpgp"
  case clearSignedText = "clear-signed-text"

  /// Decodes `bytes`, and returns the promise that the decoder broke, or nil.
  package func run(_ bytes: [UInt8]) -> String? {
    switch self {
    case .coreFile: Self.coreFile(bytes)
    case .vmcoreinfo: Self.vmcoreinfo(bytes)
    case .kallsyms: Self.kallsyms(bytes)
    case .procModules: Self.procModules(bytes)
    case .pageTables: PageTableTrial(bytes).run()
    case .printableStrings: Self.printableStrings(bytes)
    case .disassembler: Self.disassembler(bytes)
    case .instructionShape: Self.instructionShape(bytes)
    case .btf: Self.btf(bytes)
    case .dwarf: Self.dwarf(bytes)
    case .imageKallsyms: Self.imageKallsyms(bytes)
    case .bootImage: Self.bootImage(bytes)
    case .moduleObject: Self.moduleObject(bytes)
    case .packageArchive: Self.packageArchive(bytes)
    case .rpmHeader: Self.rpmHeader(bytes)
    case .patchSites: PatchSitesTrial().run(bytes)
    case .moduleRecords: ModuleRecordsTrial().run(bytes)
    case .baseline: Self.baseline(bytes)
    case .captureManifest: Self.captureManifest(bytes)
    case .oopsText: Self.oopsText(bytes)
    case .kernelLog: PanicTrial.log(bytes)
    case .orc: PanicTrial.stack(bytes)
    case .vmcore, .lime, .avml: DumpTrial.plain.run(bytes)
    case .kdump: DumpTrial.kdump.run(bytes)
    case .flattened: DumpTrial.flattened.run(bytes)
    case .openPGP: OpenPGPTrial.data(bytes)
    case .clearSignedText: OpenPGPTrial.text(bytes)
    }
  }

  private static func coreFile(_ bytes: [UInt8]) -> String? {
    let span = bytes.span
    var tables: [[CoreFileSegment]] = []
    do throws(CoreFileError) {
      let header = try CoreFileHeader.decode(span)
      guard header.programHeaderCount <= CoreFileHeader.mostProgramHeaders else { return "too many program headers" }
      if header.programHeaderOffset <= UInt64(bytes.count) {
        let rest = span.extracting(Int(header.programHeaderOffset)..<bytes.count)
        tables.append(try CoreFileSegment.decodeTable(rest, count: header.programHeaderCount))
      }
    } catch {
      if error.description.isEmpty { return "an error without words" }
    }
    do throws(CoreFileError) {
      tables.append(try CoreFileSegment.decodeTable(span, count: bytes.count / CoreFileSegment.byteCount))
    } catch {
      if error.description.isEmpty { return "an error without words" }
    }
    for table in tables {
      let loads = table.filter { $0.kind == .load }
      guard loads.allSatisfy({ $0.fileByteCount <= $0.memory.byteCount }) else {
        return "more in the file than in memory"
      }
      guard loads.allSatisfy({ $0.fileOffset.addingReportingOverflow($0.fileByteCount).partialValue <= Int64.max })
      else {
        return "a segment past the largest file offset"
      }
      for (index, load) in loads.prefix(64).enumerated() {
        guard !loads.prefix(index).contains(where: { $0.memory.overlaps(load.memory) }) else { return "an overlap" }
      }
    }
    for start in [0, min(64, bytes.count), min(120, bytes.count)] {
      do throws(CoreFileError) {
        let notes = try ElfNote.decodeAll(span.extracting(start..<bytes.count))
        guard notes.reduce(0, { $0 + $1.descriptor.count }) <= bytes.count else { return "more notes than bytes" }
        _ = ElfNote.buildID(in: notes)?.description
      } catch {
        if error.description.isEmpty { return "an error without words" }
      }
    }
    return nil
  }

  private static func vmcoreinfo(_ bytes: [UInt8]) -> String? {
    do throws(VMCoreInfoError) {
      let info = try VMCoreInfo.decode(bytes.span)
      _ = (info.osRelease, info.kernelOffset, info.symbol("init_top_pgt"), info.number("phys_base"))
      if let buildID = info.buildID, buildID.bytes.isEmpty { return "an empty build id" }
    } catch {
      if error.description.isEmpty { return "an error without words" }
    }
    return nil
  }

  /// The text in one chunk, and cut into small ones, must give the same.
  private static func kallsyms(_ bytes: [UInt8]) -> String? {
    func decode(chunkSize: Int) -> Result<Kallsyms, KallsymsError> {
      var decoder = KallsymsDecoder()
      var start = 0
      while start < bytes.count {
        let end = min(bytes.count, start + chunkSize)
        decoder.consume(bytes.span.extracting(start..<end))
        start = end
      }
      do throws(KallsymsError) {
        return .success(try decoder.finish())
      } catch {
        return .failure(error)
      }
    }
    switch (decode(chunkSize: max(bytes.count, 1)), decode(chunkSize: 7)) {
    case (.failure(let whole), .failure(let cut)):
      return whole == cut ? nil : "whole: \(whole), cut: \(cut)"
    case (.success(let whole), .success(let cut)):
      let everything = MemoryRegion(start: KernelAddress(0), byteCount: .max)
      guard
        whole.symbols.symbols(in: everything, limit: 10_000) == cut.symbols.symbols(in: everything, limit: 10_000),
        whole.malformedLines == cut.malformedLines, whole.firstMalformed == cut.firstMalformed,
        whole.overlongNames == cut.overlongNames
      else { return "cut into chunks, the text says something else" }
      let lines = 1 + bytes.count(where: { $0 == UInt8(ascii: "\n") })
      guard whole.symbols.count + whole.malformedLines + whole.overlongNames <= lines else { return "more than lines" }
      return nil
    default:
      return "cut into chunks, the text is refused, or the other way around"
    }
  }

  private static func procModules(_ bytes: [UInt8]) -> String? {
    do throws(ProcModulesError) {
      let claims = try ProcModules.decode(bytes.span)
      guard claims.allSatisfy({ !$0.name.isEmpty && $0.base?.rawValue != 0 }) else { return "a module without name" }
    } catch {
      if error.description.isEmpty { return "an error without words" }
    }
    return nil
  }

  private static func printableStrings(_ bytes: [UInt8]) -> String? {
    let start = KernelAddress(UInt64.max - 300)  // the top of the address space is within reach
    let (strings, isComplete) = PrintableStrings.find(in: bytes.span, at: start, minimumLength: 4, limit: 50)
    guard strings.count <= 50, isComplete || strings.count == 50 || bytes.count > 300 else { return "lost strings" }
    var previousEnd = 0
    for string in strings {
      let offset = Int(string.address.rawValue - start.rawValue)
      guard offset >= previousEnd else { return "strings out of order" }
      let step = string.encoding == .ascii ? 1 : 2
      for (index, character) in string.text.utf8.enumerated() {
        guard bytes[offset + index * step] == character, step == 1 || bytes[offset + index * 2 + 1] == 0 else {
          return "a string that is not there"
        }
      }
      previousEnd = offset + string.text.utf8.count * step
    }
    return nil
  }

  private static func disassembler(_ bytes: [UInt8]) -> String? {
    let disassembler: Machine.Disassembler
    do throws(DisassemblerError) {
      disassembler = try Machine.Disassembler()
    } catch {
      return error.description
    }
    var done = 0
    let start = KernelAddress(0xffff_ffff_8100_0000)
    for decoded in disassembler.decode(bytes.span, at: start, limit: 200) {
      let instruction = decoded.instruction
      guard instruction.address == start.advanced(by: UInt64(done)) else { return "a gap" }
      guard !instruction.bytes.isEmpty, done + instruction.bytes.count <= bytes.count,
        instruction.bytes.elementsEqual(bytes[done..<done + instruction.bytes.count])
      else { return "bytes that are not there" }
      guard !instruction.mnemonic.isEmpty else { return "an instruction without a name" }
      done += instruction.bytes.count
    }
    return nil
  }
}
