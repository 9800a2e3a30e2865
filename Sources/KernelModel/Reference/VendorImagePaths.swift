/// Where distributions keep the image of an installed kernel.
package enum VendorImagePaths {
  /// Where the image of `release` may be, the likeliest first; none if `release` is no file name.
  package static func candidates(release: String, root: String) -> [String] {
    let root = root.hasSuffix("/") ? root : root + "/"
    return candidates(release: release).map { root + $0 }
  }

  /// Paths below the root.
  ///
  /// `/boot/vmlinuz-*`: Debian, Ubuntu, Fedora, RHEL, SUSE; `/usr/lib/modules/*/vmlinuz`: Fedora, Arch, Debian's
  /// newest; `/boot/kernel-*`: Gentoo. The rest are uncompressed, from packages with debugging information.
  package static func candidates(release: String) -> [String] {
    guard !release.isEmpty, release.utf8.count <= 64, release != ".", release != "..",
      release.utf8.allSatisfy({ $0 != 0x2f && $0 > 0x20 && $0 < 0x7f })
    else { return [] }
    return [
      "boot/vmlinuz-\(release)",
      "usr/lib/modules/\(release)/vmlinuz",
      "lib/modules/\(release)/vmlinuz",
      "boot/kernel-\(release)",
      "boot/vmlinux-\(release)",
      "usr/lib/debug/boot/vmlinux-\(release)",
      "usr/lib/debug/lib/modules/\(release)/vmlinux",
      "usr/lib/modules/\(release)/vmlinux",
    ]
  }
}
