// swift-tools-version: 6.2
import PackageDescription

/// What every Swift target of ours is built with.
let settings: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// A library of ours.
///
/// What it may import is what it lists: the build refuses anything else.
func library(
  _ name: String, _ dependencies: [Target.Dependency], exclude: [String] = [], resources: [Resource] = []
) -> Target {
  .target(name: name, dependencies: dependencies, exclude: exclude, resources: resources, swiftSettings: settings)
}

/// Tests of one module, on its own and on the kernel in memory that tests tamper with.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// A C library of the distribution; its module map says how it is linked.
func system(_ name: String, _ package: String) -> Target {
  .systemLibrary(name: name, path: "Sources/CLibraries/\(name)", providers: [.apt([package])])
}

let package = Package(
  name: "liveprobe",
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    // What the program is made of, from the ground up. Nothing imports what stands below it here.
    library("KernelModel", []),
    library("KernelFormats", ["KernelModel", "Ccapstone"]),
    library("LiveProbe", ["KernelFormats", "KernelModel", "Ckmod"]),
    library(
      "Baseline", ["KernelFormats", "KernelModel", "Clzma", "Czstd", "Czlib", "Cbzip2", "Clz4", "Clzo"]),
    library(
      "Checks", ["KernelFormats", "KernelModel"], resources: [.embedInCode("Forensics/signatures.rules")]),
    library("Audit", ["KernelModel"]),
    // C.
    .target(name: "CHarden", path: "Sources/CLibraries/CHarden"),
    system("Ccapstone", "libcapstone-dev"),
    system("Ckmod", "libkmod-dev"),
    system("Clzma", "liblzma-dev"),
    system("Czstd", "libzstd-dev"),
    system("Czlib", "zlib1g-dev"),
    system("Cbzip2", "libbz2-dev"),
    system("Clz4", "liblz4-dev"),
    system("Clzo", "liblzo2-dev"),

    // Tests.
    .target(name: "TestKernel", dependencies: ["Checks", "KernelModel"], path: "Tests/TestKernel", swiftSettings: settings),
    tests(
      "BaselineTests",
      ["Baseline", "KernelFormats", "KernelModel", "Clzma", "Czstd", "Czlib", "Cbzip2", "Clz4", "Clzo"]),
    tests("ChecksTests", ["Checks", "KernelModel", "TestKernel"]),
    tests("AuditTests", ["Audit", "Checks", "KernelModel", "TestKernel"]),
  ],
  swiftLanguageModes: [.v6]
)
