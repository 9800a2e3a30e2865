internal import KernelFormats
internal import KernelModel

/// What the kernel left for crash tools, found by the dump's note or by what it looks like.
struct CrashInformation {
  var info: VMCoreInfo
  /// Who gave it, in words.
  var source: String
  /// Where it was found in physical memory; nil if the dump says it in a note.
  var place: PhysicalAddress?

  /// Candidates looked at in memory, at most: a page of any program may begin with the same word.
  private static let mostCandidates = 64
  /// Bytes read at once while searching: so few that they are still in the processor's cache when they are looked at.
  private static let chunk = 256 << 10
  private static var pageByteCount: Int { Int(Machine.pageSize) }
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
    // One for all of it: a gigabyte is read here, and would be cleared before.
    let room = UnsafeMutableRawBufferPointer.allocate(byteCount: chunk, alignment: pageByteCount)
    defer { room.deallocate() }
    for extent in dump.extents {
      let first = Machine.pageEnd(extent.lowerBound.rawValue)
      let end = extent.upperBound.rawValue
      for position in stride(from: first, to: end, by: chunk) where found.count < mostCandidates {
        look(
          at: position, in: dump,
          UnsafeMutableRawBufferPointer(rebasing: room[..<Int(min(UInt64(chunk), end - position))]),
          into: &found)
      }
    }
    return found
  }

  /// - Parameter room: where what is read goes, as many bytes as it has.
  private static func look(
    at position: UInt64, in dump: any Dump, _ room: UnsafeMutableRawBufferPointer, into found: inout [CrashInformation]
  ) {
    var span = room.mutableBytes
    do throws(PhysicalFault) {
      try dump.read(at: PhysicalAddress(position), into: &span)
      look(at: UnsafeRawBufferPointer(room), from: position, into: &found)
    } catch {
      guard room.count > pageByteCount else { return }  // what is missing has none
      // A page of them is missing: each by itself.
      for start in stride(from: 0, to: room.count, by: pageByteCount) {
        let page = room[start..<min(start + pageByteCount, room.count)]
        look(at: position + UInt64(start), in: dump, UnsafeMutableRawBufferPointer(rebasing: page), into: &found)
      }
    }
  }

  private static func look(
    at bytes: UnsafeRawBufferPointer, from position: UInt64, into found: inout [CrashInformation]
  ) {
    for start in stride(from: 0, to: bytes.count - beginning.count, by: pageByteCount) {
      guard bytes[start] == beginning[0], bytes[start...].starts(with: beginning), found.count < mostCandidates else {
        continue
      }
      let text = Array(bytes[start..<min(start + pageByteCount, bytes.count)])
      guard let info = try? VMCoreInfo.decode(text.span) else { continue }
      let place = PhysicalAddress(position + UInt64(start))
      found.append(CrashInformation(info: info, source: "VMCOREINFO in memory, at \(place)", place: place))
    }
  }
}
