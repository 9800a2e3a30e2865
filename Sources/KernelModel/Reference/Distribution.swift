/// Whose kernel it is, as its release and version say.
package enum Distribution {
  /// What `uname -v` has, and who writes that.
  private static let inVersion = [("Debian", "Debian"), ("Ubuntu", "Ubuntu"), ("Alpine", "Alpine"), ("NixOS", "NixOS")]
  /// What `uname -r` has, and who writes that; a number may follow.
  private static let inRelease = [
    (".el", "Enterprise Linux"), (".fc", "Fedora"), (".amzn", "Amazon Linux"), (".cm", "CBL-Mariner"),
    (".azl", "Azure Linux"), ("-default", "SUSE"), ("-arch", "Arch Linux"), ("-zen", "Arch Linux"), ("-pve", "Proxmox"),
    ("-cloudflare", "Cloudflare"),
    ("-alpine", "Alpine"), ("-gentoo", "Gentoo"), ("-flatcar", "Flatcar"),
  ]

  /// `Debian`, `Enterprise Linux 9`; nil if nothing gives it away.
  package static func name(release: String, version: String) -> String? {
    if let found = inVersion.first(where: { version.contains($0.0) }) { return found.1 }
    for (mark, name) in inRelease {
      guard let place = release.firstRange(of: mark) else { continue }
      let number = release[place.upperBound...].prefix { $0.isASCII && $0.isNumber }
      return mark.hasPrefix(".") && !number.isEmpty ? "\(name) \(number)" : name
    }
    return nil
  }
}
