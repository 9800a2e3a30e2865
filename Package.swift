// swift-tools-version: 6.2
import PackageDescription

/// What every target of ours is built with.
let settings: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

let package = Package(
  name: "liveprobe",
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    .systemLibrary(
      name: "Ccapstone", path: "Sources/CLibraries/Ccapstone", pkgConfig: "capstone",
      providers: [.apt(["libcapstone-dev"])]),
    .target(name: "KernelModel", swiftSettings: settings),
    .target(name: "KernelFormats", dependencies: ["KernelModel", "Ccapstone"], swiftSettings: settings),
    .target(name: "Audit", dependencies: ["KernelModel"], swiftSettings: settings),
    .target(name: "Checks", dependencies: ["KernelModel"], swiftSettings: settings),
    .testTarget(name: "ChecksTests", dependencies: ["Checks"], swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)
