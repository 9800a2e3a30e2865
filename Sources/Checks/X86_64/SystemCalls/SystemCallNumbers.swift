/// The system call ABI: which number stands for which call, and the functions that serve it.
///
/// A number is never reused or changed once assigned, so the newest kernel's tables hold for every kernel: an older one
/// serves fewer numbers. Which functions serve a number is the kernel's own business and has changed now and then
/// (`sys_time` became `sys_time32` in v5.1): names here are what to expect, not a proof.
package enum SystemCallNumbers {
  /// Its entry points are as `arch/x86/entry/syscalls/*.tbl` name them.
  ///
  /// Symbols put the ABI before them: `__x64_sys_newstat`, `__ia32_compat_sys_open`; before v4.17 nothing. Debian's 5.10, 6.1
  /// and 6.12 differ from this list in nine slots, and only so: the number is not served yet or is served still, or by a
  /// `compat_sys_` handler of the same call.
  package typealias Entry = SystemCallNumber

  /// The Linux version that the numbers are from.
  package static let kernelVersion = SystemCallTables.kernelVersion

  /// What 64-bit programs call: the ABIs "common" and "64", ascending by number.
  package static let x86_64 = entries(SystemCallTables.x86_64)

  /// What only x32 programs call, numbers 512 to 547, ascending; they share the other numbers with 64-bit programs.
  package static let x32 = entries(SystemCallTables.x32)

  /// What 32-bit programs call, ascending by number.
  package static let i386 = entries(SystemCallTables.i386)

  private static func entries(_ table: String) -> [Entry] {
    table.utf8.split(separator: UInt8(ascii: "\n")).compactMap { line in
      let words = line.split(separator: UInt8(ascii: " ")).map(Substring.init)
      guard words.count >= 2, let number = Int(words[0]) else { return nil }
      return Entry(number: number, name: String(words[1]), entryPoints: words.dropFirst(2).map(String.init))
    }
  }
}
