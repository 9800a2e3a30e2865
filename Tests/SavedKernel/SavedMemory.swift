package import KernelModel
internal import Postmortem

/// A saved kernel's memory at its virtual addresses, which can be changed.
package final class SavedMemory: KernelMemory {
  package let physical: MappedFile
  private let translated: TranslatedMemory

  /// - Parameter tables: believed to stay as they are.
  init(physical: MappedFile, tables: any KernelMappings) {
    self.physical = physical
    translated = TranslatedMemory(physical, through: tables)
  }

  package func read(at address: KernelAddress, into bytes: inout MutableRawSpan) throws(MemoryFault) {
    try translated.read(at: address, into: &bytes)
  }

  /// Changes memory, for this process only, whether or not the kernel could write there.
  package func write(_ bytes: [UInt8], at address: KernelAddress) throws(MemoryFault) {
    var done = 0
    while done < bytes.count {
      guard let position = address.advanced(by: UInt64(done)) else {
        throw .unreasonable(address, byteCount: UInt64(bytes.count))
      }
      let run = try translated.run(at: position, limit: bytes.count - done)
      do throws(PhysicalFault) {
        try physical.write(Array(bytes[done..<done + run.byteCount]), at: run.start)
      } catch {
        throw error.at(position)
      }
      done += run.byteCount
    }
  }
}
