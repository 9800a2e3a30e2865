/// What the names of files tell about what they are.
///
/// A folder with a release's modules has thousands: their paths are looked at as bytes, which is what they are.
enum FileNames {
  private static let slash = UInt8(ascii: "/")

  static func lastComponent(_ path: String) -> String {
    let bytes = path.utf8
    guard let last = bytes.lastIndex(where: { $0 != slash }) else { return path }
    let start = bytes[..<last].lastIndex(of: slash).map(bytes.index(after:)) ?? bytes.startIndex
    return String(path[start..<bytes.index(after: last)])
  }

  /// Whether a file of this name may be a kernel: `vmlinuz-6.1.0-56-amd64`, `vmlinux`.
  static func isKernelImage(_ name: String) -> Bool {
    ["vmlinuz", "vmlinux", "kernel", "bzImage"].contains { name == $0 || name.hasPrefix($0 + "-") }
  }

  /// Whether a file of this name may be one, and must say so itself: `linux` of the Boot Loader Specification, a unified
  /// kernel image.
  static func mayBeKernelImage(_ name: String) -> Bool { name == "linux" || name.hasSuffix(".efi") }

  /// Whether the path, in a package, is one where kernels are: `/boot`, or the folder of a release's modules.
  static func isForKernel(_ path: String) -> Bool {
    let folders = path.split(separator: "/").dropLast()
    return folders.last == "boot" || folders.dropLast().last == "modules"
  }

  /// Whether a file of this name may be a package with a kernel or its modules.
  static func isPackage(_ name: String) -> Bool {
    guard hasSuffixOfPackage(name), name.hasPrefix("linux-") || name.hasPrefix("kernel-") else { return false }
    let others = ["-headers", "-devel", "-doc", "-source", "libc-dev"]
    return !others.contains(where: name.contains) && !isForDebugging(name)
  }

  /// Whether a file of this name is a package of dpkg, rpm, pacman or apk.
  static func hasSuffixOfPackage(_ name: String) -> Bool {
    [".deb", ".rpm", ".pkg.tar.zst", ".pkg.tar.xz", ".apk"].contains(where: name.hasSuffix)
  }

  /// Whether a file of this name may be a package with the debugging information of a kernel.
  static func isDebugPackage(_ name: String) -> Bool {
    [".deb", ".ddeb", ".rpm"].contains(where: name.hasSuffix)
      && (name.hasPrefix("linux-") || name.hasPrefix("kernel-")) && isForDebugging(name)
  }

  private static func isForDebugging(_ name: String) -> Bool { ["-dbg", "-debuginfo"].contains(where: name.contains) }

  /// Whether a file of this name may list a kernel's symbols: `System.map-6.1.0-56-amd64`.
  static func isMap(_ name: String) -> Bool { name == "System.map" || name.hasPrefix("System.map-") }

  /// Whether a file of this name may be a kernel's ELF file: without relocations, and perhaps with debugging information.
  static func isVmlinux(_ name: String) -> Bool { name.hasPrefix("vmlinux") }

  /// The module in the file at `path`, if it may be one for `release`: `nf_tables` for `…/nf-tables.ko.xz`.
  ///
  /// A path that names another release, `lib/modules/6.1.0-55-amd64/`, is not for this one.
  static func module(_ path: String, release: String) -> String? {
    var name = lastComponent(path)
    for suffix in [".xz", ".zst", ".gz"] where name.hasSuffix(suffix) {
      name = String(name.dropLast(suffix.count))
    }
    guard name.hasSuffix(".ko") else { return nil }
    if let other = self.release(ofModules: path), other != release { return nil }
    return normalised(module: String(name.dropLast(3)))
  }

  /// The release whose modules lie where the path does: `lib/modules/6.1.0-56-amd64/kernel/fs/ext4.ko`.
  static func release(ofModules path: String) -> String? {
    var path = path
    return path.withUTF8 { bytes in
      let components = bytes.split(separator: slash)
      for index in components.indices.dropFirst(2).dropLast()
      where components[index - 1].elementsEqual("modules".utf8) && components[index - 2].elementsEqual("lib".utf8) {
        return String(decoding: components[index], as: UTF8.self)
      }
      return nil
    }
  }

  /// Modules are loaded under names with `_` where their files have `-`.
  static func normalised(module name: String) -> String {
    String(decoding: name.utf8.map { $0 == UInt8(ascii: "-") ? UInt8(ascii: "_") : $0 }, as: UTF8.self)
  }
}
