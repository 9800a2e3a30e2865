internal import KernelFormats
internal import KernelModel

/// What the kernel left for crash tools, found by the dump's note or by what it looks like.
struct CrashInformation {
  var info: VMCoreInfo
  /// Who gave it, in words.
  var source: String
  /// Where it was found in physical memory; nil if the dump says it in a note.
  var place: UInt64?

  /// Candidates looked at in memory, at most: a page of any program may begin with the same word.
  private static let mostCandidates = 64
  /// Bytes read at once while searching.
  private static let chunk = 1 << 20
  private static let pageByteCount = 4096
  /// What the text begins with: vmcoreinfo_data is a page of its own, and this its first line.
  ///
  /// Source: crash_save_vmcoreinfo_init, kernel/vmcore_info.c (v6.12; kernel/crash_core.c up to v6.8).
  private static let beginning = Array("OSRELEASE=".utf8)

  /// What the dump's own note says, or nil if it has none that makes sense.
  static func told(by dump: any Dump) -> Result<CrashInformation, Withheld> {
    guard let text = dump.vmcoreInfo else {
      return .failure(Withheld("VMCOREINFO", why: "it has no note VMCOREINFO"))
    }
    do throws(VMCoreInfoError) {
      return .success(CrashInformation(info: try VMCoreInfo.decode(text.span), source: "the dump's note VMCOREINFO"))
    } catch {
      return .failure(Withheld("VMCOREINFO", why: "the dump's note makes no sense: \(error)"))
    }
  }

  /// What looks like it in the dump's memory, lowest address first; reads all of the dump.
  static func search(_ dump: any Dump) -> [CrashInformation] {
    var found: [CrashInformation] = []
    for extent in dump.extents {
      let first = (extent.start.rawValue &+ UInt64(pageByteCount - 1)) & ~UInt64(pageByteCount - 1)
      let (end, overflow) = extent.start.rawValue.addingReportingOverflow(extent.byteCount)
      for position in stride(from: first, to: overflow ? .max : end, by: chunk) where found.count < mostCandidates {
        look(at: position, count: Int(min(UInt64(chunk), (overflow ? .max : end) - position)), in: dump, into: &found)
      }
    }
    return found
  }

  private static func look(at position: UInt64, count: Int, in dump: any Dump, into found: inout [CrashInformation]) {
    if let bytes = try? dump.bytes(at: KernelAddress(position), count: count) {
      look(at: bytes, from: position, into: &found)
    } else if count > pageByteCount {
      // A page of them is missing: each by itself.
      for start in stride(from: 0, to: count, by: pageByteCount) {
        look(
          at: position + UInt64(start), count: min(pageByteCount, count - start), in: dump, into: &found)
      }
    }
  }

  private static func look(at bytes: [UInt8], from physical: UInt64, into found: inout [CrashInformation]) {
    for start in stride(from: 0, to: bytes.count - beginning.count, by: pageByteCount) {
      guard bytes[start] == beginning[0], bytes[start...].starts(with: beginning), found.count < mostCandidates else {
        continue
      }
      let text = Array(bytes[start..<min(start + pageByteCount, bytes.count)])
      guard let info = try? VMCoreInfo.decode(text.span) else { continue }
      found.append(
        CrashInformation(
          info: info,
          source: "VMCOREINFO in memory, at physical \((physical + UInt64(start)).hexadecimal)",
          place: physical + UInt64(start)))
    }
  }
}
