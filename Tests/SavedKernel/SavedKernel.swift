import Foundation
import KernelFormats
package import KernelModel

/// A kernel that ran in the lab and was saved by `lab snapshot`: all that a check may look at, natively.
///
/// Not for two threads at once.
package final class SavedKernel {
  /// Which kernel of the lab it is.
  package let label: String
  /// The kernel as ``LiveKernel`` would have given it.
  package let kernel: Kernel
  /// The memory of `kernel`, which can be changed here.
  package let memory: SavedMemory

  /// - Parameter directory: as ``Snapshot`` describes it.
  package convenience init(directory: String) throws(SavedKernelError) {
    try self.init(directory: directory, reference: SavedReference.make)
  }

  /// - Parameter reference: gives what should be there, for a label of the lab's cache and the kernel that was saved.
  package init(
    directory: String, reference: (_ label: String, _ identity: KernelIdentity) -> any Reference
  ) throws(SavedKernelError) {
    let files = Files(directory: directory)
    let core = try CoreHead(files.bytes("core"))
    let symbols = try Self.symbols(files)
    let physical = try MappedFile(path: "\(directory)/memory")
    let root = try Self.tableRoot(core.info)
    let tables = Machine.PageTables(
      memory: physical, root: try core.physical(of: root.top), layout: root.layout)
    memory = SavedMemory(physical: physical, tables: tables)
    label = try files.text("label")
    guard let offset = core.info.kernelOffset else {
      throw SavedKernelError("\(directory): VMCOREINFO has no KERNELOFFSET")
    }
    let identity = KernelIdentity(
      release: try files.text("release"), version: try files.text("version"), machine: "x86_64",
      claimedBuildID: .success(try Self.buildID(files.bytes("notes"))),
      buildIDInMemory: .success(try Self.buildID(memory, symbols)), kaslrOffset: .success(offset))
    let taint = UInt64(try files.text("tainted"))
    kernel = Kernel(
      identity: identity, memory: memory, mappings: tables, symbols: symbols,
      claims: Claims(
        loadedModules: .success(try Self.modules(files)), commandLine: .success(try files.text("cmdline")),
        taint: taint.map(Result.success) ?? .failure(Withheld("the taint mask", why: "the snapshot has no number"))),
      reference: reference(label, identity))
  }

  private static func tableRoot(
    _ info: VMCoreInfo
  ) throws(SavedKernelError) -> (top: KernelAddress, layout: Machine.PageTables.Layout) {
    do throws(Withheld) {
      return try Machine.pageTableRoot(info)
    } catch {
      throw SavedKernelError("the snapshot's page tables: \(error.why)")
    }
  }

  /// The files of a snapshot.
  private struct Files {
    let directory: String

    func bytes(_ name: String) throws(SavedKernelError) -> [UInt8] {
      do {
        return Array(try Data(contentsOf: URL(fileURLWithPath: "\(directory)/\(name)")))
      } catch {
        throw SavedKernelError("\(directory) is no snapshot, or an old one; make it with `lab snapshot`: \(error)")
      }
    }

    func text(_ name: String) throws(SavedKernelError) -> String {
      String(decoding: try bytes(name), as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
    }
  }

  private static func symbols(_ files: Files) throws(SavedKernelError) -> SymbolTable {
    do {
      var decoder = KallsymsDecoder(expectedSymbolCount: 200_000)
      let text = try files.bytes("kallsyms")
      decoder.consume(text.span)
      return try decoder.finish().symbols
    } catch {
      throw SavedKernelError("the snapshot's symbols: \(error)")
    }
  }

  /// The modules as listed, each with the section that a scan asks for, its code (``SysfsModule``).
  private static func modules(_ files: Files) throws(SavedKernelError) -> [ModuleClaim] {
    do {
      var sections: [String: KernelAddress] = [:]
      for line in try files.text("sections").split(separator: "\n") {
        // /sys/module/NAME/sections/.text:0xffffffffc0a31000
        let parts = line.split(separator: "/")
        guard parts.count == 5, let address = parts[4].split(separator: ":0x").last else { continue }
        sections[String(parts[2])] = UInt64(address, radix: 16).map { KernelAddress($0) }
      }
      let text = try files.bytes("modules")
      return try ProcModules.decode(text.span).map { claim in
        var claim = claim
        claim.sections = sections[claim.name].map { [ModuleSection(name: ".text", address: $0)] } ?? []
        return claim
      }
    } catch {
      throw SavedKernelError("the snapshot's modules: \(error)")
    }
  }

  private static func buildID(_ memory: SavedMemory, _ symbols: SymbolTable) throws(SavedKernelError) -> BuildID {
    guard let start = symbols.symbols(named: "__start_notes").first,
      let stop = symbols.symbols(named: "__stop_notes").first, let count = stop.address.offset(from: start.address)
    else { throw SavedKernelError("the snapshot's symbols do not bound the kernel's notes") }
    do {
      return try buildID(memory.bytes(at: start.address, count: Int(clamping: count)))
    } catch {
      throw SavedKernelError("the kernel's notes in the snapshot's memory: \(error)")
    }
  }

  private static func buildID(_ notes: [UInt8]) throws(SavedKernelError) -> BuildID {
    do {
      guard let id = ElfNote.buildID(in: try ElfNote.decodeAll(notes.span)) else {
        throw SavedKernelError("no build id")
      }
      return id
    } catch {
      throw SavedKernelError("the kernel's notes: \(error)")
    }
  }
}
