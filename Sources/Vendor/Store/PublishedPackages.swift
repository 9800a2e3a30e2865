package import KernelModel

/// The packages with a kernel's image and modules, and where its distribution publishes them.
///
/// Told from how the kernel calls itself, and good for nothing but fetching: whether it is the right one, its build id says.
package struct PublishedPackages: Hashable, Sendable {
  /// `Fedora 39`; nil if nothing gives it away.
  package let distribution: String?
  /// As the package manager takes them: a name, or a file's name.
  package let names: [String]
  /// Where they are, or how they are fetched on a host of that distribution.
  package let places: [String]

  /// - Parameters:
  ///   - release: what `uname -r` says.
  ///   - version: what `uname -v` says.
  ///   - machine: what `uname -m` says.
  ///   - build: the build id, by which debuginfod(8) serves the kernel with its debugging information.
  package init(release: String, version: String, machine: String, build: BuildID?) {
    distribution = Distribution.name(release: release, version: version)
    let family = String(distribution?.prefix { $0 != " " } ?? "")
    let found = Self.packages(family, release, version, machine)
    names = found.names
    var places = found.places
    if let server = Self.debuggingServers[family], let build {
      places.append("\(server)/buildid/\(build)/debuginfo (a vmlinux, with debugging information)")
    }
    self.places = places
  }

  /// Servers of debuginfod(8), each of which the distribution names itself.
  private static let debuggingServers = [
    "Debian": "https://debuginfod.debian.net", "Ubuntu": "https://debuginfod.ubuntu.com",
    "Fedora": "https://debuginfod.fedoraproject.org", "Enterprise": "https://debuginfod.centos.org",
    "SUSE": "https://debuginfod.opensuse.org", "Arch": "https://debuginfod.archlinux.org",
  ]

  private static func packages(
    _ distribution: String, _ release: String, _ version: String, _ architecture: String
  ) -> (names: [String], places: [String]) {
    switch distribution {
    case "Debian":
      // "#1 SMP PREEMPT_DYNAMIC Debian 6.12.95-1 (2026-07-05)"
      let words = version.split(separator: " ")
      let ofVersion = words.firstIndex(of: "Debian").flatMap { words.dropFirst($0 + 1).first }.map { "=\($0)" } ?? ""
      let name = "linux-image-\(release)"
      return (
        [name + ofVersion], ["apt-get download \(name)\(ofVersion)", "https://snapshot.debian.org/binary/\(name)/"]
      )
    case "Ubuntu":
      let names = ["linux-image", "linux-modules", "linux-modules-extra"].map { "\($0)-\(release)" }
      return (
        names,
        ["apt-get download \(names.joined(separator: " "))", "https://launchpad.net/ubuntu/+search?text=\(names[0])"]
      )
    case "Fedora", "Enterprise":
      let (bare, machine) = split(release, at: ".")
      let names = ["kernel-core", "kernel-modules-core", "kernel-modules", "kernel-modules-extra"].map {
        "\($0)-\(bare)"
      }
      let (number, packaging) = split(bare, at: "-")
      return (
        names.map { "\($0).\(machine).rpm" },
        ["dnf download \(names.joined(separator: " "))"]
          + (distribution == "Fedora"
            ? ["https://kojipkgs.fedoraproject.org/packages/kernel/\(number)/\(packaging)/\(machine)/"]
            : [
              "https://kojihub.stream.centos.org/kojifiles/packages/kernel/\(number)/\(packaging)/\(machine)/ (CentOS Stream alone)"
            ])
      )
    case "Amazon": return (["kernel-\(release).rpm"], ["dnf download kernel-\(split(release, at: ".").0)"])
    case "SUSE":
      // uname leaves out the package's last number.
      let name = "kernel-default-\(split(release, at: "-").0)"
      return ([name], ["zypper install --download-only '\(name)*'", "https://download.opensuse.org/update/"])
    case "Arch":
      // linux 6.12.9.arch1-1 calls itself 6.12.9-arch1-1; linux-zen 6.12.9.zen1-1 calls itself 6.12.9-zen1-1-zen.
      let flavour = release.hasSuffix("-zen") ? "linux-zen" : "linux"
      let bare = flavour == "linux" ? release : String(release.dropLast("-zen".count))
      var parts = bare.split(separator: "-").map(String.init)
      if parts.count == 3 { parts = ["\(parts[0]).\(parts[1])", parts[2]] }
      let file = "\(flavour)-\(parts.joined(separator: "-"))-\(architecture).pkg.tar.zst"
      return ([file], ["https://archive.archlinux.org/packages/l/\(flavour)/\(file)"])
    case "Alpine":
      // linux-lts 6.6.58-r0 calls itself 6.6.58-0-lts.
      let parts = release.split(separator: "-")
      guard parts.count == 3 else { return ([], []) }
      let file = "linux-\(parts[2])-\(parts[0])-r\(parts[1]).apk"
      return ([file], ["https://dl-cdn.alpinelinux.org/alpine/ (vVERSION/main/\(architecture)/\(file))"])
    default: return ([], [])
    }
  }

  /// What stands before and behind the last `mark`.
  private static func split(_ text: String, at mark: Character) -> (String, String) {
    guard let place = text.lastIndex(of: mark) else { return (text, "") }
    return (String(text[..<place]), String(text[text.index(after: place)...]))
  }
}
