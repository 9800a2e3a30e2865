internal import KernelFormats

/// A flattened dump, put back into order: what `makedumpfile -F` writes, and QEMU for its kdump-compressed formats.
///
/// A header of 4096 bytes, then records of 16 bytes and their data, each saying where its data belongs, all numbers
/// big-endian. A later record overwrites an earlier one. Source: makedumpfile.h and `write_buffer` in makedumpfile.c,
/// 1.7.2.
final class FlattenedSource: DumpSource {
  /// The size of the header, `MAX_SIZE_MDF_HEADER`.
  private static let headerByteCount: UInt64 = 4096
  /// More records than this are not believed; makedumpfile writes one for 64 KiB and more.
  private static let mostRecords = 1 << 21
  /// What of a complete file no record holds is a few bytes of padding, and not more than this.
  private static let mostHoles: UInt64 = 64 << 20

  let byteCount: UInt64
  /// What was odd about the file.
  let remarks: [String]

  private let base: any DumpSource
  private let table: RangeTable
  /// Whether the mark that ends such a file is there: only then is what no record holds zero, as in a file with holes.
  private let isComplete: Bool

  static func recognises(_ start: Span<UInt8>) -> Bool {
    start.starts(with: "makedumpfile\0\0\0\0")
  }

  init(_ base: any DumpSource) throws(DumpError) {
    let header = try base.bytes(32, at: 0, of: "the header of a flattened file")
    let type = header.bigEndian(at: 16)
    let version = header.bigEndian(at: 24)
    guard type == 1 else { throw .implausible(field: "the flattened file's type", value: type) }
    guard version == 1 else { throw .implausible(field: "the flattened file's version", value: version) }
    self.base = base
    let (records, problem) = try Self.records(of: base)
    isComplete = problem == nil
    remarks = problem.map { ["the flattened file cannot be read to its end: \($0)"] } ?? []
    table = RangeTable(records.reversed())
    byteCount = table.runs.last?.end ?? 0
    guard !isComplete || byteCount <= base.byteCount + Self.mostHoles else {
      throw .implausible(field: "the end of a flattened file's records", value: byteCount)
    }
  }

  func read(at offset: UInt64, into target: UnsafeMutableRawBufferPointer) throws(SourceFault) -> Int {
    var done = 0
    while done < target.count, offset &+ UInt64(done) < byteCount {
      let position = offset + UInt64(done)
      let rest = UnsafeMutableRawBufferPointer(rebasing: target[done...])
      if let run = table.run(holding: position) {
        let count = Int(min(UInt64(rest.count), run.end - position))
        let part = UnsafeMutableRawBufferPointer(rebasing: rest[..<count])
        do throws(SourceFault) {
          let came = try base.read(at: run.offset + (position - run.start), into: part)
          done += came
          guard came == count else { break }
        } catch {
          guard done > 0 else { throw error }
          break
        }
      } else {
        guard isComplete, let next = table.nextStart(after: position) else { break }
        let count = Int(min(UInt64(rest.count), next - position))
        UnsafeMutableRawBufferPointer(rebasing: rest[..<count]).initializeMemory(as: UInt8.self, repeating: 0)
        done += count
      }
    }
    return done
  }

  /// The records up to the mark that ends the file, and why they could not be read so far.
  private static func records(
    of base: any DumpSource
  ) throws(DumpError) -> (records: [RangeTable.Run], problem: String?) {
    let reader = ReadAhead(base, largest: 64 << 10)
    var records: [RangeTable.Run] = []
    var position = headerByteCount
    for _ in 0..<mostRecords {
      let header: [UInt8]
      do throws(SourceFault) {
        header = [UInt8](try reader.bytes(at: position, count: 16))
      } catch {
        throw .unreadable(error)
      }
      guard header.count == 16 else { return (records, "it ends without the mark of its end") }
      let offset = header.bigEndian(at: 0)
      let count = header.bigEndian(at: 8)
      if offset == .max, count == .max { return (records, nil) }
      guard offset <= UInt64(Int64.max), count <= UInt64(Int64.max) - offset else {
        return (records, "the record at byte \(position) makes no sense")
      }
      position += 16
      let there = min(count, base.byteCount - position)
      records.append(RangeTable.Run(start: offset, byteCount: there, offset: position))
      guard there == count else { return (records, "the record before byte \(position) is cut short") }
      position += count
    }
    throw .tooMany("records in a flattened file", limit: mostRecords)
  }
}

extension [UInt8] {
  /// The big-endian integer of eight bytes at `offset`, all of which are there.
  fileprivate func bigEndian(at offset: Int) -> UInt64 {
    self[offset..<offset + 8].reduce(0) { $0 << 8 | UInt64($1) }
  }
}
