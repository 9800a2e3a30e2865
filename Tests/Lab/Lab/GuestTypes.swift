import KernelFormats
import KernelModel

/// What a guest's kernel says of its own structures: its BTF, read from its memory.
package struct GuestTypes {
  private let kernel: GuestKernel
  private let btf: BTF

  package init(_ system: any TamperedKernel) throws(LabError) {
    kernel = system.kernel
    let (start, stop) = (try system.symbol("__start_BTF"), try system.symbol("__stop_BTF"))
    guard start < stop, stop - start < 1 << 26 else { throw LabError("\(kernel): its BTF is at \(hex(start))") }
    let bytes = try system.memory.read(physical: system.addressMap().physical(of: start), count: Int(stop - start))
    let contents = VendorObject.Contents(copying: bytes)
    do {
      btf = try BTF(contents.bytes, owner: contents)
    } catch {
      throw LabError("\(kernel): its BTF cannot be read: \(error)")
    }
  }

  /// Whether there is such a member; `path` has names with dots between.
  package func has(_ structure: String, _ path: String) -> Bool { btf.structure(structure)?.member(path) != nil }

  /// Bytes from the structure's start to a member.
  package func offset(_ structure: String, _ path: String) throws(LabError) -> UInt64 {
    UInt64(try member(structure, path).byteOffset)
  }

  /// Bytes of a structure.
  package func size(_ structure: String) throws(LabError) -> UInt64 {
    guard let byteCount = btf.structure(structure)?.byteCount else { throw LabError("\(kernel) has no \(structure)") }
    return UInt64(byteCount)
  }

  /// How many elements an array has, and the bytes of each.
  package func array(_ structure: String, _ path: String) throws(LabError) -> (count: UInt64, stride: UInt64) {
    let member = try member(structure, path)
    guard let count = member.elementCount else { throw LabError("\(kernel): \(structure).\(path) is no array") }
    return (UInt64(count), UInt64(member.elementByteCount))
  }

  /// The value of a constant.
  package func value(of constant: String, in enumeration: String) throws(LabError) -> Int64 {
    guard let value = btf.enumerationValue(enumeration, constant) else {
      throw LabError("\(kernel) has no constant \(constant) in \(enumeration)")
    }
    return value
  }

  private func member(_ structure: String, _ path: String) throws(LabError) -> BTF.Member {
    guard let member = btf.structure(structure)?.member(path) else {
      throw LabError("\(kernel) has no \(structure).\(path)")
    }
    return member
  }
}
