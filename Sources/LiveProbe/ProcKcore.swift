package import Files
package import KernelFormats
package import KernelModel

/// The running kernel's memory, through `/proc/kcore`.
///
/// Reads are exact and stay inside one PT_LOAD: what the file's own program headers do not promise is
/// ``MemoryFault/absent(_:)``, and what they promise and do not give is ``MemoryFault/truncated(_:)``. File offsets are
/// those of the headers and never computed: the kernel chooses them (kc_vaddr_to_offset in fs/proc/kcore.c, v6.12).
///
/// Opening needs CAP_SYS_RAWIO, and no lockdown at the level `confidentiality` (open_kcore, fs/proc/kcore.c, v6.12).
package final class ProcKcore: KernelMemory {
  /// The PT_LOADs that can be read, lowest address first.
  package let segments: [CoreFileSegment]
  /// The notes of the file.
  package let notes: [ElfNote]
  /// What the kernel tells crash tools about itself: the note VMCOREINFO.
  package let vmcoreInfo: Result<VMCoreInfo, Withheld>
  /// How the file is read.
  package let channel: KcoreChannel
  /// What was odd about the file and did not stop us.
  package let remarks: [String]
  /// Bytes read so far, headers included.
  package private(set) var bytesRead: UInt64
  /// Reads made so far.
  package private(set) var readCount: UInt64 = 0
  /// Reads inside a PT_LOAD that gave fewer bytes than asked for and went on: a live kernel gives all or an error.
  package private(set) var shortReadCount: UInt64 = 0

  private let file: KcoreFile

  /// The largest note segment that is taken for one, in bytes; the kernel's is a few pages.
  private static let largestNotes: UInt64 = 1 << 20

  /// Opens `/proc/kcore` and decodes its headers and notes.
  ///
  /// - Parameter channel: how it is read, from the first byte on.
  package init(_ root: SystemRoot, channel: KcoreChannel = .pread) throws(KcoreError) {
    let file = try Self.open(root, channel)
    let (header, table) = try Self.segmentTable(of: file)
    var remarks: [String] = []
    var loads: [CoreFileSegment] = []
    var notes: [ElfNote] = []
    var byteCount = CoreFileHeader.byteCount + table.count * CoreFileSegment.byteCount
    for segment in table {
      switch segment.kind {
      case .load:
        if let problem = Self.problem(with: segment) {
          remarks.append("/proc/kcore: the segment at \(segment.memory.start) is left out: \(problem)")
        } else {
          loads.append(segment)
        }
      case .note:
        do throws(KcoreError) {
          notes += try Self.notes(in: segment, of: file)
          byteCount += Int(clamping: segment.fileByteCount)
        } catch {
          remarks.append("/proc/kcore: its notes are left out: \(error)")
        }
      case .other(let type):
        remarks.append("/proc/kcore: a program header of type \(type), which the kernel does not write, is left out")
      }
    }
    guard !loads.isEmpty else { throw .malformed("none of its \(header.programHeaderCount) segments can be read") }
    segments = loads.sorted { $0.memory.start < $1.memory.start }
    self.notes = notes
    vmcoreInfo = Self.vmcoreInfo(in: notes)
    bytesRead = UInt64(clamping: byteCount)
    self.remarks = remarks
    self.channel = channel
    self.file = file
  }

  package func read(at address: KernelAddress, into bytes: inout MutableRawSpan) throws(MemoryFault) {
    let count = bytes.byteCount
    guard count > 0 else { return }
    guard address.advanced(by: UInt64(count - 1)) != nil else {
      throw .unreasonable(address, byteCount: UInt64(count))
    }
    guard let segment = segment(holding: address), let inSegment = address.offset(from: segment.memory.start) else {
      throw .absent(address)
    }
    let readable = Self.readableByteCount(of: segment)
    guard UInt64(count) <= readable - inSegment else {
      throw .absent(segment.memory.start.advanced(by: readable) ?? address)
    }
    // Cannot overflow: ``problem(with:)`` left out every segment whose file offsets run past 2^63.
    let offset = segment.fileOffset &+ inSegment
    var done = 0
    while done < count {
      let position = KernelAddress(address.rawValue &+ UInt64(done))
      let came: Int
      do throws(FileFault) {
        came = try file.readSome(at: offset &+ UInt64(done), into: &bytes, from: done)
      } catch {
        throw .refused(position, errno: error.errorNumber ?? 0)
      }
      readCount += 1
      guard came > 0 else { throw .truncated(position) }
      bytesRead += UInt64(came)
      done += came
      if done < count { shortReadCount += 1 }
    }
  }

  /// Where the physical address `physical` is found in the kernel's direct map of all memory, or nil if no segment of
  /// ordinary memory covers it.
  package func directMap(_ physical: PhysicalAddress) -> KernelAddress? {
    for segment in segments where !Self.isKernelImage(segment) {
      if let start = segment.physicalAddress, physical >= start,
        physical.rawValue - start.rawValue < Self.readableByteCount(of: segment)
      {
        return segment.memory.start.advanced(by: physical.rawValue - start.rawValue)
      }
    }
    return nil
  }

  /// Where in the file the `count` bytes at `address` are, or nil if no segment holds all of them.
  package func fileOffset(of address: KernelAddress, count: Int) -> UInt64? {
    guard count >= 0, let segment = segment(holding: address),
      let inSegment = address.offset(from: segment.memory.start),
      UInt64(count) <= Self.readableByteCount(of: segment) - inSegment
    else { return nil }
    return segment.fileOffset &+ inSegment
  }

  /// The segment of the kernel image (KCORE_TEXT), or nil if the file has none.
  package var imageSegment: CoreFileSegment? {
    segments.first { Self.isKernelImage($0) && $0.physicalAddress != nil }
  }

  /// Where there is ordinary memory, lowest first: what the kernel's map of all memory covers.
  package var ordinaryMemory: [PhysicalRegion] {
    segments.compactMap { segment in
      guard !Self.isKernelImage(segment), let start = segment.physicalAddress, start < Machine.physicalLimit else {
        return nil
      }
      return PhysicalRegion(start: start, byteCount: Self.readableByteCount(of: segment))
        .clamped(to: PhysicalAddress(0)..<Machine.physicalLimit)
    }.sorted { $0.lowerBound < $1.lowerBound }
  }

  /// The physical address of an address inside the kernel image, or nil outside it.
  package func physicalAddress(ofImage address: KernelAddress) -> PhysicalAddress? {
    guard let segment = imageSegment, let start = segment.physicalAddress, segment.memory.contains(address),
      let inSegment = address.offset(from: segment.memory.start)
    else { return nil }
    return start.advanced(by: inSegment)
  }

  /// The segment that holds `address`, found by bisection.
  private func segment(holding address: KernelAddress) -> CoreFileSegment? {
    let next = segments.partitionPoint { $0.memory.start > address }
    guard next > 0 else { return nil }
    let segment = segments[next - 1]
    guard let offset = address.offset(from: segment.memory.start), offset < Self.readableByteCount(of: segment) else {
      return nil
    }
    return segment
  }
}

// MARK: - Headers and notes

extension ProcKcore {
  private static func open(_ root: SystemRoot, _ channel: KcoreChannel) throws(KcoreError) -> KcoreFile {
    do throws(FileFault) {
      return KcoreFile(try OpenedFile(root.path("proc/kcore")), through: channel)
    } catch {
      throw .file(error)
    }
  }

  private static func segmentTable(
    of file: borrowing KcoreFile
  ) throws(KcoreError) -> (CoreFileHeader, [CoreFileSegment]) {
    let head = try bytes(of: file, at: 0, count: CoreFileHeader.byteCount)
    let header: CoreFileHeader
    do throws(CoreFileError) {
      header = try CoreFileHeader.decode(head.span)
    } catch {
      throw .malformed("\(error)")
    }
    let count = header.programHeaderCount
    let table = try bytes(of: file, at: header.programHeaderOffset, count: count * CoreFileSegment.byteCount)
    do throws(CoreFileError) {
      return (header, try CoreFileSegment.decodeTable(table.span, count: count))
    } catch {
      throw .malformed("\(error)")
    }
  }

  private static func bytes(
    of file: borrowing KcoreFile, at offset: UInt64, count: Int
  ) throws(KcoreError) -> [UInt8] {
    do throws(FileFault) {
      return try file.bytes(at: offset, count: count)
    } catch {
      throw .file(error)
    }
  }

  private static func notes(
    in segment: CoreFileSegment, of file: borrowing KcoreFile
  ) throws(KcoreError) -> [ElfNote] {
    guard segment.fileByteCount <= largestNotes else {
      throw .malformed("a note segment of \(segment.fileByteCount) bytes; \(largestNotes) are the most we accept")
    }
    let bytes = try bytes(of: file, at: segment.fileOffset, count: Int(segment.fileByteCount))
    do {
      return try ElfNote.decodeAll(bytes.span)
    } catch {
      throw .malformed("\(error)")
    }
  }

  /// The note that the kernel calls VMCOREINFO, type 0.
  ///
  /// In kcore since Linux kernel commit 23c85094fe18 ("proc/kcore: add vmcoreinfo note to /proc/kcore") (in v4.19).
  private static func vmcoreInfo(in notes: [ElfNote]) -> Result<VMCoreInfo, Withheld> {
    guard let note = notes.first(where: { $0.name == "VMCOREINFO" }) else {
      return .failure(
        Withheld(
          "VMCOREINFO", why: "/proc/kcore has no such note",
          remedy: "use a kernel with CONFIG_VMCORE_INFO (CONFIG_CRASH_CORE before v6.9)"))
    }
    do {
      return .success(try VMCoreInfo.decode(note.descriptor.span))
    } catch {
      return .failure(
        Withheld(
          "VMCOREINFO", why: "the note in /proc/kcore cannot be parsed: \(error)",
          remedy: "find out what filters reads of /proc/kcore"))
    }
  }

  /// Why a PT_LOAD cannot be used, or nil if it can.
  private static func problem(with segment: CoreFileSegment) -> String? {
    let count = readableByteCount(of: segment)
    guard count > 0 else { return "it is empty" }
    let (end, overflow) = segment.fileOffset.addingReportingOverflow(count)
    guard !overflow, end <= UInt64(Int64.max) else {
      return "its file offset \(segment.fileOffset) runs past what a file can have"
    }
    return nil
  }

  /// What the file promises of a segment's memory.
  private static func readableByteCount(of segment: CoreFileSegment) -> UInt64 {
    min(segment.fileByteCount, segment.memory.byteCount)
  }

  /// Whether the segment lies where the kernel image is mapped.
  private static func isKernelImage(_ segment: CoreFileSegment) -> Bool {
    !segment.memory.start.isBelowImage
  }
}

/// Why `/proc/kcore` cannot be used.
package enum KcoreError: Error, Hashable, Sendable {
  case file(FileFault)
  /// Its headers make no sense.
  case malformed(String)
}

extension KcoreError: CustomStringConvertible {
  package var description: String {
    switch self {
    case .file(let fault): fault.description
    case .malformed(let problem): "/proc/kcore: \(problem)"
    }
  }
}
