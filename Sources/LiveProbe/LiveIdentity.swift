import Files
import Glibc
import KernelFormats
package import KernelModel

/// Which kernel is running, asked of every source that knows.
package struct LiveIdentity {
  package let identity: KernelIdentity
  /// What the sources say differently from each other.
  package let remarks: [String]

  /// The largest note section that is taken for one, in bytes; the kernel's is a few hundred.
  private static let largestNotes: UInt64 = 64 << 10

  /// Asks `/sys/kernel/notes`, the kernel's memory, VMCOREINFO and kallsyms.
  package static func read(_ root: SystemRoot, kcore: ProcKcore, symbols: SymbolTable) -> LiveIdentity {
    let names = KernelNames.read(root)
    let claimed = claimedBuildID(root)
    let inMemory = buildIDInMemory(kcore, symbols)
    var remarks: [String] = []
    if case .success(let claim) = claimed, case .success(let memory) = inMemory, claim != memory {
      remarks.append("/sys/kernel/notes says build id \(claim), the kernel's memory \(memory): one of them lies")
    }
    if case .success(let info) = kcore.vmcoreInfo {
      if let told = info.buildID, case .success(let memory) = inMemory, told != memory {
        remarks.append("VMCOREINFO says build id \(told), the kernel's notes in memory \(memory): one of them lies")
      }
      if let told = info.osRelease, told != names.release {
        remarks.append("VMCOREINFO says release \(told), uname \(names.release)")
      }
      if let told = info.symbol("_stext"), let named = address(of: "_stext", in: symbols), told != named {
        remarks.append("VMCOREINFO puts _stext at \(told), /proc/kallsyms at \(named): one of them lies")
      }
    }
    let (offset, offsetRemark) = kaslrOffset(kcore, symbols)
    if let offsetRemark { remarks.append(offsetRemark) }
    let identity = KernelIdentity(
      release: names.release, version: names.version, machine: names.machine, claimedBuildID: claimed,
      buildIDInMemory: inMemory, kaslrOffset: offset)
    return LiveIdentity(identity: identity, remarks: remarks)
  }

  /// The build id in `/sys/kernel/notes`.
  package static func claimedBuildID(_ root: SystemRoot = SystemRoot()) -> Result<BuildID, Withheld> {
    let what = "the build id in /sys/kernel/notes"
    let bytes: [UInt8]
    do throws(FileFault) {
      bytes = try root.bytes(of: "sys/kernel/notes", limit: Int(largestNotes))
    } catch {
      return .failure(
        Withheld(
          what, why: error.description, remedy: error.isAbsence ? "mount the host's sysfs at /sys" : "run as root"))
    }
    return buildID(in: bytes, what: what)
  }

  /// The build id in the kernel's own note section, or what VMCOREINFO says of it where kallsyms does not name that
  /// section.
  private static func buildIDInMemory(_ kcore: ProcKcore, _ symbols: SymbolTable) -> Result<BuildID, Withheld> {
    let what = "the build id in the kernel's memory"
    guard let start = address(of: "__start_notes", in: symbols), let stop = address(of: "__stop_notes", in: symbols)
    else {
      if case .success(let info) = kcore.vmcoreInfo, let told = info.buildID { return .success(told) }
      return .failure(
        Withheld(what, why: "kallsyms does not name __start_notes and __stop_notes, and VMCOREINFO does not tell it"))
    }
    guard let byteCount = stop.offset(from: start), byteCount <= largestNotes else {
      return .failure(Withheld(what, why: "the note section \(start) to \(stop) has no sensible size"))
    }
    do throws(MemoryFault) {
      let bytes = try kcore.bytes(at: start, count: Int(byteCount))
      return buildID(in: bytes, what: what)
    } catch {
      return .failure(Withheld(what, why: error.description))
    }
  }

  private static func buildID(in bytes: [UInt8], what: String) -> Result<BuildID, Withheld> {
    do throws(CoreFileError) {
      let notes = try ElfNote.decodeAll(bytes.span)
      guard let id = ElfNote.buildID(in: notes) else {
        return .failure(
          Withheld(what, why: "none of the \(notes.count) notes is a GNU build id", remedy: "link with --build-id"))
      }
      return .success(id)
    } catch {
      return .failure(
        Withheld(what, why: "the notes cannot be parsed: \(error)", remedy: "find out what is mounted over them"))
    }
  }

  /// How far the kernel was moved at boot, and what is odd about it.
  ///
  /// Told by VMCOREINFO alone: from `_text` it could only be worked out by assuming where the kernel was linked to
  /// start, and a wrong offset would make every pointer of the vendor's image look changed.
  private static func kaslrOffset(
    _ kcore: ProcKcore, _ symbols: SymbolTable
  ) -> (Result<UInt64, Withheld>, String?) {
    let info: VMCoreInfo
    switch kcore.vmcoreInfo {
    case .success(let found): info = found
    case .failure(let withheld):
      return (.failure(Withheld("the KASLR offset", why: withheld.description, remedy: withheld.remedy)), nil)
    }
    guard let offset = info.kernelOffset else {
      return (.failure(Withheld("the KASLR offset", why: "VMCOREINFO has no KERNELOFFSET")), nil)
    }
    guard let text = address(of: "_text", in: symbols) else { return (.success(offset), nil) }
    guard let linked = text.retreated(by: offset), !linked.isBelowImage else {
      return (
        .failure(
          Withheld(
            "the KASLR offset",
            why: "VMCOREINFO says \(offset.hexadecimal), which cannot be with _text at \(text)")),
        "VMCOREINFO and /proc/kallsyms contradict each other about where the kernel is: one of them lies"
      )
    }
    guard linked == Machine.linkedStart else {
      return (
        .success(offset),
        "the kernel was linked to start at \(linked), not at \(Machine.linkedStart) as nearly all are"
      )
    }
    return (.success(offset), nil)
  }

  /// The address of the kernel's own symbol `name`, unless it is missing or withheld.
  static func address(of name: String, in symbols: SymbolTable) -> KernelAddress? {
    symbols.symbols(named: name).first { $0.module == nil && $0.address.rawValue != 0 }?.address
  }
}
