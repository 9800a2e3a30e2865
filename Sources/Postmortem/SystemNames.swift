internal import KernelFormats
internal import KernelModel

/// What `uname` would say: the kernel's `init_uts_ns`, in memory.
struct SystemNames {
  /// The host's name.
  var node: String
  var release: String
  var version: String
  var machine: String

  /// `__NEW_UTS_LEN` and the NUL, include/uapi/linux/utsname.h: six fields of this many bytes.
  private static let fieldByteCount = 65

  /// - Parameter info: tells where in the structure the names begin, since Linux kernel commit 4f56ccbb5d8f; 4 bytes of
  ///   `struct kref` before that.
  init(_ memory: any KernelMemory, _ symbols: SymbolTable, _ info: VMCoreInfo?) throws(Withheld) {
    let what = "the dead kernel's names"
    guard let space = symbols.symbols(named: "init_uts_ns").first(where: { $0.module == nil })?.address else {
      throw Withheld(what, why: "its symbols do not name init_uts_ns")
    }
    let told = info?.offset("uts_namespace.name").map { UInt64(clamping: $0) }
    for offset in [told, 0, 4].compactMap({ $0 }) {
      guard let start = space.advanced(by: offset),
        let bytes = try? memory.bytes(at: start, count: Self.fieldByteCount * 6)
      else { continue }
      let fields = (0..<6).map { index in
        String(
          decoding: bytes[index * Self.fieldByteCount..<(index + 1) * Self.fieldByteCount].prefix { $0 != 0 },
          as: UTF8.self)
      }
      guard fields[0] == "Linux" else { continue }
      (node, release, version, machine) = (fields[1], fields[2], fields[3], fields[4])
      return
    }
    throw Withheld(what, why: "init_uts_ns at \(space) does not begin with Linux")
  }
}
