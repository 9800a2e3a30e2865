internal import KernelModel

/// Words of the kernel's and the modules' constants and variables that point into a run of memory.
struct PointerSearch {
  /// One of them.
  struct Pointer: Hashable, Sendable {
    var address: KernelAddress
    var target: KernelAddress
  }

  private(set) var pointers: [Pointer] = []
  /// Bytes that are there and could not be read.
  private(set) var unreadByteCount: UInt64 = 0
  private(set) var isCut = false

  private static let most = 256
  /// Bytes read at once.
  private static let chunk: UInt64 = 1 << 20
  /// No kernel image, nor a module, has more constants and variables, in bytes.
  private static let mostBytes: UInt64 = 256 << 20

  /// What was not searched, or is not told, in sentences; empty if all of it was.
  var unsearched: [String] {
    var sentences: [String] = []
    if unreadByteCount > 0 {
      sentences.append("\(unreadByteCount) bytes of the kernel's and the modules' data could not be searched")
    }
    if isCut { sentences.append("there are more than \(Self.most) pointers; no others were noted") }
    return sentences
  }

  /// - Parameters:
  ///   - targets: where the pointers lead.
  ///   - places: where they are looked for; words that lie in `targets` themselves do not count.
  init(into targets: [MemoryRegion], in places: [MemoryRegion], of memory: any KernelMemory) {
    guard let first = targets.map(\.start.rawValue).min(), let last = targets.map({ $0.end?.rawValue ?? .max }).max()
    else {
      return
    }
    for place in places {
      // Pointers lie at multiples of eight; where code ends, and data begins, may be anywhere.
      var offset = (0 &- place.start.rawValue) & 7
      let byteCount = min(place.byteCount, Self.mostBytes)
      while offset < byteCount, let start = place.start.advanced(by: offset) {
        let count = min(Self.chunk, byteCount - offset)
        offset += count
        guard let bytes = Self.bytes(at: start, Int(count), memory, unread: &unreadByteCount) else { continue }
        search(bytes, at: start, first..<last, targets)
      }
    }
  }

  private mutating func search(
    _ bytes: [UInt8], at start: KernelAddress, _ bounds: Range<UInt64>, _ targets: [MemoryRegion]
  ) {
    bytes.withUnsafeBytes { raw in
      for offset in stride(from: 0, to: raw.count - 7, by: 8) {
        let word = UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
        guard bounds.contains(word), let place = start.advanced(by: UInt64(offset)) else { continue }
        let target = KernelAddress(word)
        guard targets.contains(where: { $0.contains(target) }), !targets.contains(where: { $0.contains(place) }) else {
          continue
        }
        guard pointers.count < Self.most else {
          isCut = true
          return
        }
        pointers.append(Pointer(address: place, target: target))
      }
    }
  }

  /// A chunk; where a page of it is missing, the others with zeros in its place, which point nowhere.
  private static func bytes(
    at start: KernelAddress, _ count: Int, _ memory: any KernelMemory, unread: inout UInt64
  ) -> [UInt8]? {
    if let bytes = try? memory.bytes(at: start, count: count) { return bytes }
    var bytes: [UInt8] = []
    var isAnyRead = false
    while bytes.count < count, let place = start.advanced(by: UInt64(bytes.count)) {
      let part = min(count - bytes.count, Int(Machine.pageSize - Machine.offsetInPage(place.rawValue)))
      do throws(MemoryFault) {
        bytes += try memory.bytes(at: place, count: part)
        isAnyRead = true
      } catch {
        bytes += [UInt8](repeating: 0, count: part)
        // What the kernel gave back, such as the code and data of its own start, is no longer there to hold a pointer.
        if error.reason == .unmapped { continue }
        unread += UInt64(part)
      }
    }
    return isAnyRead ? bytes : nil
  }
}
