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

let package = Package(
  name: "liveprobe-fuzz",
  targets: [
    .systemLibrary(name: "Ccapstone", providers: [.apt(["libcapstone-dev"])]),
    .target(name: "KernelModel", swiftSettings: settings),
    .target(name: "KernelFormats", dependencies: ["KernelModel", "Ccapstone"], swiftSettings: settings),
    .target(name: "DecoderTrials", dependencies: ["KernelFormats", "KernelModel"], swiftSettings: settings),
    .executableTarget(name: "FuzzDecoders", dependencies: ["DecoderTrials"], swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)
