import Checks
import KernelModel
import TestKernel

/// The bytes as tables of places to patch: a small kernel's text is made again with them.
///
/// First come a number that says which table and how many bytes it has, then these, and so on. Nothing that a table says
/// may stop the program; what makes no sense is refused, or left for the comparison to find.
struct PatchSitesTrial {
  private let kernel = TestTextKernel()

  /// Tables that are sections of their own, by the numbers that stand for them.
  private static let sections = [
    ".altinstructions", ".altinstr_replacement", ".retpoline_sites", ".return_sites", ".call_sites", ".ibt_endbr_seal",
    ".smp_locks", ".parainstructions", "runtime_ptr_dentry_hashtable", "runtime_shift_d_hash_shift", ".init.data",
  ]
  /// Stretches of the other sections: code, the NOPs' table, jump labels and static calls.
  private static let stretches: [(section: String, offset: Int, count: Int)] = [
    (".text", 0x100, 0x100), (".text", 0x500, 0x100), (".rodata", 0, 0x100), (".rodata", 0x100, 0x80),
  ]

  /// Makes the text again, and returns the promise that was broken, or nil.
  func run(_ bytes: [UInt8]) -> String? {
    var rest = bytes[...]
    while let number = rest.popFirst(), let count = rest.popFirst() {
      let table = Array(rest.prefix(Int(count)))
      rest = rest.dropFirst(Int(count))
      put(table, Int(number) % (Self.sections.count + Self.stretches.count + 1))
    }
    let kernel = kernel.kernel
    // What is shared holds the kernel that holds it.
    defer { kernel.workings.clear() }
    do throws(CannotCheck) {
      _ = try kernel.textWork
    } catch {
      if error.description.isEmpty { return "an error without words" }
    }
    return nil
  }

  private func put(_ table: [UInt8], _ number: Int) {
    if number < Self.sections.count {
      kernel.vendor.file[Self.sections[number]] = table
    } else if number < Self.sections.count + Self.stretches.count {
      let stretch = Self.stretches[number - Self.sections.count]
      let part = table.prefix(stretch.count)
      kernel.vendor.file[stretch.section].replaceSubrange(stretch.offset..<stretch.offset + part.count, with: part)
    } else {
      // Words of relocations, the last one first.
      let words = stride(from: 0, to: table.count - 3, by: 4).map { offset in
        table[offset..<offset + 4].reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) } &- TestVendorKernel.linkBase
      }
      kernel.vendor.relocations.wide = words
    }
  }

  /// An alternative, a jump label, a static call, a return and a retpoline, where the kernel has them too.
  static var sample: [UInt8] {
    func table(_ number: UInt8, _ bytes: [UInt8]) -> [UInt8] { [number, UInt8(bytes.count)] + bytes }
    var alternative = TestVendorKernel.distance(from: 0x9400, to: 0x120)
    alternative += TestVendorKernel.distance(from: 0x9404, to: 0x9610)
    var label = TestVendorKernel.distance(from: 0x1100, to: 0x1c0)
    label += TestVendorKernel.distance(from: 0x1104, to: 0x1e0)
    return table(0, alternative + [4, 0, 1, 0, 5, 5])
      + table(14, label + little(TestVendorKernel.Variable.keyOn - 0x1108))
      + table(2, TestVendorKernel.distance(from: 0x9000, to: 0x084))
      + table(3, TestVendorKernel.distance(from: 0x9100, to: 0x0c4))
  }
}
