import KernelFormats
import KernelModel
import TestKernel

extension DecoderTrial {
  /// The bytes as BTF, by itself and as a module's.
  static func btf(_ bytes: [UInt8]) -> String? {
    if let broken = btf(bytes, base: nil) { return broken }
    let kernels = VendorObject.Contents(copying: SampleBTF.module.bytes())
    guard let base = try? BTF(kernels.bytes, owner: kernels) else { return "the kernel's types are refused" }
    return btf(bytes, base: base)
  }

  /// What is said of a structure lies in it, and is said again if asked again.
  private static func btf(_ bytes: [UInt8], base: BTF?) -> String? {
    bytes.withUnsafeBytes { raw in
      do throws(BTFError) {
        let btf = try BTF(raw, base: base)
        guard btf.typeCount - (base?.typeCount ?? 0) <= bytes.count / 12 else { return "more types than bytes" }
        for name in ["module", "module_layout", "bits", ""] {
          guard let structure = btf.structure(name) else { continue }
          for path in ["name", "core_layout.base", "taints", "mem.size", "matrix", "old", "one", "args", "a..b"] {
            let member = structure.member(path)
            guard member == structure.member(path) else { return "another answer to the same question" }
            guard let member else { continue }
            guard member.byteOffset >= 0, member.byteCount >= 0, member.elementByteCount >= 0,
              member.byteOffset + member.byteCount <= structure.byteCount
            else { return "a member outside its structure" }
            let whole = (member.elementCount ?? 1).multipliedReportingOverflow(by: member.elementByteCount)
            guard !whole.overflow, whole.partialValue == member.byteCount else { return "an array of another size" }
            guard let bitCount = member.bitCount else { continue }
            guard bitCount > 0, (0..<8).contains(member.bitOffset), member.bitOffset + bitCount <= member.byteCount * 8
            else { return "a bitfield outside its bytes" }
          }
        }
        for name in ["MOD_DATA", "MINUS", "SHARED", "WIDE"] {
          guard let value = btf.enumerationValue(nil, name) else { continue }
          guard btf.enumerationValue(nil, name) == value else { return "another answer to the same question" }
        }
      } catch {
        if error.description.isEmpty { return "an error without words" }
      }
      return nil
    }
  }
}
