internal import KernelModel

extension KernelObject {
  /// Files that one process has open at most: what fits into the memory that is read at once.
  private static let mostFiles: UInt32 = 1 << 20

  /// The files (`struct file`) that a task has open.
  ///
  /// Source: `struct files_struct` in include/linux/fdtable.h (Linux v5.10 to v7.2).
  func openFiles() throws(CannotCheck) -> [KernelObject] {
    guard let table = try target("files", as: "files_struct")?.target("fdt", as: "fdtable") else { return [] }
    let count: UInt32 = try table["max_fds"]
    guard count <= Self.mostFiles else { throw .torn("the open files of a process", "are \(count)") }
    let files = try snapshot.bytes(at: table["fd"], count: Int(count) * 8)
    let type = try snapshot.types.type("file")
    return (0..<Int(count)).compactMap { index in
      let address = files.withUnsafeBytes { $0.value(UInt64.self, at: index * 8) }
      return address == 0 ? nil : KernelObject(type, at: address, snapshot)
    }
  }
}

extension Tasks {
  /// The processes that have a socket (`struct socket`) open, as far as they can be read.
  package func holders(ofSocket socket: UInt64) -> [KernelObject] {
    guard let operations = snapshot.symbols["socket_file_ops"], let processes = try? processes() else { return [] }
    return processes.elements.filter { task in
      // A process that ends meanwhile holds nothing.
      ((try? task.openFiles()) ?? []).contains { file in
        (try? file["f_op"] as UInt64) == operations && (try? file["private_data"] as UInt64) == socket
      }
    }
  }
}
