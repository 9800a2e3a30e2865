import Foundation
import Lab
import Testing

/// The container image, run by crun in a guest with what contrib/podman gives it: Tests/Packaging/image compares the two.
struct LabContainer {
  /// What the guest gets, by where it gets it; empty if there is no image, and that is no failure.
  let files: [String: URL]

  init(_ settings: LabSettings) throws {
    let root = settings.packageRoot
    let peers = root.appending(path: ".build/peers/root/usr")
    let wanted = [
      "lab/liveprobe-image.tar": root.appending(path: ".build/liveprobe-image.tar"),
      "lab/crun": peers.appending(path: "bin/crun"),
      "lab/libyajl.so.2": peers.appending(path: "lib/x86_64-linux-gnu/libyajl.so.2").resolvingSymlinksInPath(),
      "lab/container.json": root.appending(path: "Tests/Packaging/container.json"),
    ]
    let missing = wanted.values.map(\.path).filter { !FileManager.default.fileExists(atPath: $0) }
    try #require(
      missing.isEmpty || settings.mode != .required, "no \(missing): run `make image` and `scripts/setup peers`")
    if !missing.isEmpty { print("SKIPPED: the container: no \(missing)") }
    files = missing.isEmpty ? wanted : [:]
  }

  /// Scans from a container that may do and see what a scan needs, and from one whose runtime hides the kernel's memory as
  /// they all do.
  func scans(on host: DebianHost) throws {
    guard !files.isEmpty else { return }
    try host.does(
      """
      set -e
      mkdir -p /run/box/layout /run/box/rootfs
      tar -xf /lab/liveprobe-image.tar -C /run/box/layout
      layer=$(ls -S /run/box/layout/blobs/sha256 | head -n 1)
      tar -xzf /run/box/layout/blobs/sha256/$layer -C /run/box/rootfs
      chmod +x /lab/crun
      """)
    let seen = try scan(on: host, "cat /lab/container.json")
    #expect(seen.status == 0 && seen.text.contains("\"status\" : \"OK\""), "\(seen.text.suffix(3000))")
    let masked = try scan(
      on: host, "sed 's,\"maskedPaths\": \\[,&\"/proc/kcore\"\\, ,' /lab/container.json")
    #expect(masked.status == 3 && masked.text.contains("container runtimes"), "\(masked.text.suffix(3000))")
    try host.does("rm -rf /run/box")
  }

  private func scan(on host: DebianHost, _ configuration: String) throws -> (status: Int, text: String) {
    let result = try host.guest.run(
      """
      \(configuration) >/run/box/config.json
      cd /run/box
      LD_LIBRARY_PATH=/lab /lab/crun --cgroup-manager=disabled run --no-new-keyring liveprobe 2>&1
      """, timeout: 400)
    return (result.status, String(decoding: result.stdout, as: UTF8.self))
  }
}
