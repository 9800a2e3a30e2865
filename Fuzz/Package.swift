// swift-tools-version: 6.2
import PackageDescription

// The decoders once more, for libFuzzer: a package of its own, so that the project's build and tests know nothing of it.
// It compiles the same sources, through the links in Sources/, and not the package above: what a decoder offers is
// visible only inside its package, and the instrumentation must not reach what is built for use.

let settings: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// The libraries that decompress kernel images.
let compression: [Target.Dependency] = ["Clzma", "Czstd", "Czlib", "Cbzip2", "Clz4", "Clzo"]

let package = Package(
  name: "liveprobe-fuzz",
  targets: [
    .systemLibrary(name: "Ccapstone", providers: [.apt(["libcapstone-dev"])]),
    .systemLibrary(name: "Carchive", providers: [.apt(["libarchive-dev"])]),
    .systemLibrary(name: "Celf", providers: [.apt(["libelf-dev"])]),
    .systemLibrary(name: "Cnettle", providers: [.apt(["nettle-dev"])]),
    .systemLibrary(name: "Csqlite3", providers: [.apt(["libsqlite3-dev"])]),
    .systemLibrary(name: "Clzma", providers: [.apt(["liblzma-dev"])]),
    .systemLibrary(name: "Czstd", providers: [.apt(["libzstd-dev"])]),
    .systemLibrary(name: "Czlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(name: "Cbzip2", providers: [.apt(["libbz2-dev"])]),
    .systemLibrary(name: "Clz4", providers: [.apt(["liblz4-dev"])]),
    .systemLibrary(name: "Clzo", providers: [.apt(["liblzo2-dev"])]),
    .systemLibrary(name: "Csnappy", providers: [.apt(["libsnappy-dev"])]),
    .target(name: "Files", swiftSettings: settings),
    .target(name: "KernelModel", swiftSettings: settings),
    .target(name: "KernelFormats", dependencies: ["KernelModel", "Ccapstone"], swiftSettings: settings),
    .target(
      name: "Cryptography", dependencies: ["Cnettle", "Files", "KernelFormats", "KernelModel"], swiftSettings: settings),
    .target(
      name: "Vendor",
      dependencies: ["Carchive", "Celf", "Cryptography", "Csqlite3", "Files", "KernelFormats", "KernelModel"]
        + compression,
      swiftSettings: settings),
    .target(name: "Baseline", dependencies: ["Cryptography", "Files", "KernelModel"], swiftSettings: settings),
    .target(
      name: "Postmortem", dependencies: ["Clzo", "Csnappy", "Czlib", "Czstd", "Files", "KernelFormats", "KernelModel"],
      swiftSettings: settings),
    .target(name: "KernelObjects", dependencies: ["KernelFormats", "KernelModel"], swiftSettings: settings),
    .target(
      name: "Checks", dependencies: ["KernelFormats", "KernelModel", "KernelObjects"],
      resources: [.embedInCode("Forensics/signatures.rules")], swiftSettings: settings),
    .target(
      name: "Crash", dependencies: ["Checks", "KernelFormats", "KernelModel", "KernelObjects"], swiftSettings: settings),
    .target(
      name: "TestKernel", dependencies: ["Checks", "KernelFormats", "KernelModel", "KernelObjects"],
      swiftSettings: settings),
    .target(
      name: "DecoderTrials",
      dependencies: [
        "Baseline", "Checks", "Crash", "Cryptography", "Csnappy", "Csqlite3", "KernelFormats", "KernelModel",
        "KernelObjects", "Postmortem", "TestKernel", "Vendor",
      ] + compression,
      swiftSettings: settings),
    .executableTarget(name: "FuzzDecoders", dependencies: ["DecoderTrials"], swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)
