package import Foundation
import Glibc

/// A guest that stands still: what was saved of one, its memory in a copy that can be changed.
///
/// Nothing runs in it. Not for use by two threads at once; the copy goes with the last reference.
package final class StillGuest: TamperedKernel {
  package let kernel: GuestKernel
  package let memory: GuestMemory
  package let memoryFile: URL
  private let directory: URL
  private var knownSymbols: [String: UInt64] = [:]
  private var knownMap: AddressMap?

  /// Opens what the lab's cache has of a kernel on a machine, and saves a guest first if there is nothing.
  ///
  /// It is kept for as long as the kernel's package, the machine and what is done there stay the same.
  ///
  /// - Parameters:
  ///   - preparation: a command that is run in the guest before it is saved.
  ///   - hasSymbols: whether its symbols will be asked for.
  package convenience init(
    _ kernel: GuestKernel, settings: LabSettings, options: GuestOptions, preparation: String, hasSymbols: Bool
  ) throws(LabError) {
    let key = try Self.key(kernel, options, preparation, hasSymbols)
    let folder = kernel.directory.appendingPathComponent("saved/\(Self.hash(key))")
    try FolderLock.held(folder) { () throws(LabError) in
      // Written last: without it what is there is a part.
      let made = folder.appendingPathComponent("key")
      if (try? String(contentsOf: made, encoding: .utf8)) == key { return }
      let guest = try Guest.restored(kernel, settings: settings, options: options, isKept: false)
      defer { guest.shutdown() }
      if !preparation.isEmpty { _ = try guest.output(of: preparation, timeout: 900) }
      try Snapshot.save(guest, to: folder, hasSymbols: hasSymbols)
      let whole = folder.appendingPathComponent("memory")
      try SparseFile.pack(whole, to: folder.appendingPathComponent("memory.zst"))
      unlink(whole.path)
      do {
        try key.write(to: made, atomically: true, encoding: .utf8)
      } catch {
        throw LabError("\(made.path) cannot be written: \(error)")
      }
    }
    try self.init(kernel, directory: folder)
  }

  /// - Parameter directory: as ``Snapshot`` describes it, but for the memory, which is compressed.
  private init(_ kernel: GuestKernel, directory: URL) throws(LabError) {
    self.kernel = kernel
    self.directory = directory
    memoryFile = URL(fileURLWithPath: NSTemporaryDirectory())
      .appendingPathComponent("liveprobe-lab-\(UUID().uuidString).memory")
    try SparseFile.unpack(directory.appendingPathComponent("memory.zst"), to: memoryFile)
    memory = try GuestMemory(file: memoryFile)
  }

  deinit { unlink(memoryFile.path) }

  package func pause() {}
  package func resume() {}

  package func symbols(_ names: [String]) throws(LabError) -> [String: UInt64] {
    let unknown = names.filter { knownSymbols[$0] == nil }
    if !unknown.isEmpty {
      let wanted = unknown.map { "wanted[\"\($0)\"]" }.joined(separator: "; ")
      let text = try kallsyms(awk: "BEGIN { \(wanted) } $3 in wanted { print $3, $1; delete wanted[$3] }")
      for line in text.split(separator: "\n") {
        let fields = line.split(separator: " ")
        guard fields.count == 2, let address = UInt64(fields[1], radix: 16), address != 0 else { continue }
        knownSymbols[String(fields[0])] = address
      }
    }
    return knownSymbols.filter { names.contains($0.key) }
  }

  package func kallsyms(awk program: String) throws(LabError) -> String {
    let output = memoryFile.appendingPathExtension("awk")
    defer { unlink(output.path) }
    let script = "exec awk \"$1\" \"$2\" >\"$3\""
    let kallsyms = directory.appendingPathComponent("kallsyms")
    let status = try ChildProcess(["sh", "-c", script, "sh", program, kallsyms.path, output.path]).wait()
    guard status == 0, let text = FileManager.default.contents(atPath: output.path) else {
      throw LabError("\(kernel): awk ended with status \(status)")
    }
    return String(decoding: text, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
  }

  package func addressMap() throws(LabError) -> AddressMap {
    if let knownMap { return knownMap }
    let core = directory.appendingPathComponent("core")
    guard let head = FileManager.default.contents(atPath: core.path) else {
      throw LabError("\(core.path) cannot be read")
    }
    let map = try AddressMap(elfCoreHead: Array(head))
    knownMap = map
    return map
  }

  /// The last page that was never written to, and that the kernel sees among all of its memory.
  package func unownedPage() throws(LabError) -> UInt64 {
    let map = try addressMap()
    let page: UInt64 = 4096
    for physical in stride(from: memory.size - page, to: 0, by: -Int(page)) {
      guard (try? map.directMap(of: physical)) != nil else { continue }
      if try memory.read(physical: physical, count: Int(page)).allSatisfy({ $0 == 0 }) { return physical }
    }
    throw LabError("\(kernel): no page of its memory is unused")
  }

  /// What a saved guest depends on.
  private static func key(
    _ kernel: GuestKernel, _ options: GuestOptions, _ preparation: String, _ hasSymbols: Bool
  ) throws(LabError) -> String {
    let version = kernel.directory.appendingPathComponent("version")
    guard let package = FileManager.default.contents(atPath: version.path) else {
      throw LabError("\(version.path) cannot be read")
    }
    return """
      kernel \(String(decoding: package, as: UTF8.self))
      processors \(options.processors) \(options.processorModel)
      memory \(options.memory)
      arguments \(options.kernelArguments.joined(separator: " "))
      symbols \(hasSymbols)
      \(preparation)

      """
  }

  /// FNV-1a of 64 bits, for a name of a folder: the key itself is compared.
  private static func hash(_ key: String) -> String {
    let value = key.utf8.reduce(UInt64(0xcbf2_9ce4_8422_2325)) { ($0 ^ UInt64($1)) &* 0x100_0000_01b3 }
    return String(value, radix: 16)
  }
}
