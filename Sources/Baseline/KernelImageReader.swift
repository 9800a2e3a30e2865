import KernelFormats
package import KernelModel

/// Keeps what is wanted of a kernel, and no more, while it passes by piece by piece.
///
/// What is wanted is named by link-time addresses. Where these lie is known once the program headers, at the very start,
/// have passed; the build id and the tables of pointers that pass before it are always kept too.
package struct KernelImageReader {
  /// Program headers lie within so many bytes from the start; with the linker's they begin at byte 64.
  static let headLimit = 64 << 10
  /// No decompressed kernel is read beyond so many bytes.
  static let imageLimit: UInt64 = 512 << 20
  /// The most that is kept.
  static let keepLimit: UInt64 = 64 << 20

  /// Bytes that have passed.
  private(set) var position: UInt64 = 0
  private let regions: [MemoryRegion]
  private var head: [UInt8] = []
  private var wanted: Wanted?
  private var tables = PointerTableCollector()

  package init(regions: [MemoryRegion]) {
    self.regions = regions
  }

  /// Takes the next bytes of the kernel, and returns whether more are wanted.
  mutating func consume(_ bytes: Span<UInt8>) throws(BootImageError) -> Bool {
    tables.scan(bytes)
    if wanted == nil {
      bytes.withUnsafeBufferPointer { head.append(contentsOf: $0) }
      position += UInt64(bytes.count)
      wanted = try Self.whatIsWanted(of: head, regions: regions)
      guard wanted != nil else { return true }
      head = []
    } else {
      wanted?.collect(bytes, at: position)
      position += UInt64(bytes.count)
    }
    return position < wanted?.end ?? 0
  }

  /// The parts of a kernel with this beginning, filled with what they have of it; nil if more is needed to tell.
  private static func whatIsWanted(
    of head: [UInt8], regions: [MemoryRegion]
  ) throws(BootImageError) -> Wanted? {
    let span = head.span
    guard let executable = try Executable(head: span) else { return nil }
    var wanted = try Wanted(executable, regions: regions)
    wanted.collect(span, at: 0)
    return wanted
  }

  /// What was kept, once all has passed.
  consuming func finish() throws(BootImageError) -> VendorImage {
    guard let wanted else { throw .notAKernel("it ends after \(position) bytes, within its ELF headers") }
    guard position >= wanted.end else { throw .endsEarly(decompressed: position, promised: wanted.end) }
    return VendorImage(
      buildID: try wanted.buildID(), contents: wanted.regions.map { $0?.bytes },
      tables: tables.runs.compactMap { run in
        wanted.executable.address(ofRun: run).map { VendorImage.Table(start: $0, pointers: run.pointers) }
      })
  }

  /// Parts of the decompressed kernel, filled as it passes.
  private struct Wanted {
    let executable: Executable
    /// One for each region asked for; nil where the kernel has nothing for it.
    var regions: [Part?]
    var notes: [Part]
    /// The first byte after all of them.
    let end: UInt64

    init(_ executable: Executable, regions: [MemoryRegion]) throws(BootImageError) {
      self.executable = executable
      self.regions = regions.map { region in
        executable.fileRange(of: region).map { Part(range: $0) }
      }
      notes = executable.notes.map { Part(range: $0) }
      let all = self.regions.compactMap(\.self) + notes
      end = all.map(\.range.upperBound).max() ?? 0
      let total = all.reduce(0) { $0 + ($1.range.upperBound - $1.range.lowerBound) }
      guard total <= KernelImageReader.keepLimit else {
        throw .tooLarge("what is wanted of it", byteCount: total, limit: KernelImageReader.keepLimit)
      }
    }

    func buildID() throws(BootImageError) -> BuildID {
      for part in notes {
        do throws(CoreFileError) {
          let span = part.bytes.span
          if let id = ElfNote.buildID(in: try ElfNote.decodeAll(span)) { return id }
        } catch {
          throw .notAKernel(error.description)
        }
      }
      throw .buildIDMissing
    }

    mutating func collect(_ bytes: Span<UInt8>, at offset: UInt64) {
      for index in regions.indices {
        regions[index]?.collect(bytes, at: offset)
      }
      for index in notes.indices {
        notes[index].collect(bytes, at: offset)
      }
    }
  }

  /// A range of the decompressed kernel, and the bytes of it that have passed.
  private struct Part {
    let range: Range<UInt64>
    var bytes: [UInt8] = []

    mutating func collect(_ passing: Span<UInt8>, at offset: UInt64) {
      let start = max(range.lowerBound, offset)
      let end = min(range.upperBound, offset + UInt64(passing.count))
      guard start < end else { return }
      passing.extracting(Int(start - offset)..<Int(end - offset)).withUnsafeBufferPointer {
        bytes.append(contentsOf: $0)
      }
    }
  }
}
