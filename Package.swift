// swift-tools-version: 6.2
import PackageDescription

/// What every Swift target of ours is built with.
let settings: [SwiftSetting] = [
  .treatAllWarnings(as: .error),
  .enableUpcomingFeature("InternalImportsByDefault"),
  .enableUpcomingFeature("MemberImportVisibility"),
]

/// A library of ours; a release's is built for size, unless it is where the time goes.
///
/// What it may import is what it lists: the build refuses anything else.
func library(
  _ name: String, _ dependencies: [Target.Dependency], resources: [Resource] = [], isHot: Bool = false
) -> Target {
  let size = SwiftSetting.unsafeFlags(["-Osize"], .when(configuration: .release))
  return .target(
    name: name, dependencies: dependencies, resources: resources, swiftSettings: settings + (isHot ? [] : [size]))
}

/// A library that only tests use.
func testLibrary(_ name: String, _ dependencies: [Target.Dependency], path: String) -> Target {
  .target(name: name, dependencies: dependencies, path: path, swiftSettings: settings)
}

/// Tests of one module.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
  .testTarget(name: name, dependencies: dependencies, swiftSettings: settings)
}

/// A C library of the distribution; its module map says how it is linked.
func system(_ name: String, _ package: String) -> Target {
  .systemLibrary(name: name, path: "Sources/CLibraries/\(name)", providers: [.apt([package])])
}

let compression: [Target.Dependency] = ["Clzma", "Czstd", "Czlib", "Cbzip2", "Clz4", "Clzo"]

let package = Package(
  name: "liveprobe",
  products: [
    .executable(name: "liveprobe", targets: ["liveprobe"])
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2")
  ],
  targets: [
    // What the program is made of, from the ground up: nothing imports what stands below it.
    library("Files", []),
    library("KernelModel", []),
    library("KernelFormats", ["KernelModel", "Ccapstone"], isHot: true),
    library("LiveProbe", ["CSystemCalls", "Ckmod", "Files", "KernelFormats", "KernelModel"]),
    library("Cryptography", ["Cnettle", "Files", "KernelFormats", "KernelModel"]),
    library(
      "Vendor",
      ["Carchive", "Celf", "Cryptography", "Csqlite3", "Files", "KernelFormats", "KernelModel"] + compression),
    library("Baseline", ["Cryptography", "Files", "KernelModel"]),
    library(
      "Postmortem", ["Clzo", "Csnappy", "Czlib", "Czstd", "Files", "KernelFormats", "KernelModel"], isHot: true),
    library("KernelObjects", ["KernelFormats", "KernelModel"]),
    library(
      "Checks", ["KernelFormats", "KernelModel", "KernelObjects"],
      resources: [.embedInCode("Forensics/signatures.rules")], isHot: true),
    library("Audit", ["KernelModel"]),
    library("Crash", ["Checks", "KernelFormats", "KernelModel", "KernelObjects"]),
    library("Capture", ["Checks", "Crash", "KernelFormats", "KernelModel", "KernelObjects", "Postmortem"]),
    library("Correlation", ["Files", "KernelModel"]),
    library("Report", ["Audit", "Checks", "Correlation", "Crash", "KernelFormats", "KernelModel", "KernelObjects"]),
    library(
      "CLI",
      [
        "Audit", "Baseline", "Capture", "Checks", "Correlation", "Crash", "Cryptography", "Csqlite3", "CSystemCalls",
        "Files",
        "KernelFormats", "KernelModel", "KernelObjects", "LiveProbe", "Postmortem", "Report", "Vendor",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .executableTarget(name: "liveprobe", dependencies: ["CHarden", "CLI", "LiveProbe"], swiftSettings: settings),

    // C: what runs before the program does, system calls the C library does not offer, and the distribution's libraries.
    .target(name: "CHarden", path: "Sources/CLibraries/CHarden"),
    .target(name: "CSystemCalls", path: "Sources/CLibraries/CSystemCalls"),
    system("Ccapstone", "libcapstone-dev"),
    system("Carchive", "libarchive-dev"),
    system("Celf", "libelf-dev"),
    system("Ckmod", "libkmod-dev"),
    system("Cnettle", "nettle-dev"),
    system("Csqlite3", "libsqlite3-dev"),
    system("Clzma", "liblzma-dev"),
    system("Czstd", "libzstd-dev"),
    system("Czlib", "zlib1g-dev"),
    system("Cbzip2", "libbz2-dev"),
    system("Clz4", "liblz4-dev"),
    system("Clzo", "liblzo2-dev"),
    system("Csnappy", "libsnappy-dev"),

    // Tests, and what they share. Fuzz/ compiles DecoderTrials and TestKernel too.
    testLibrary("TestKernel", ["Checks", "KernelFormats", "KernelModel", "KernelObjects"], path: "Tests/TestKernel"),
    testLibrary(
      "DecoderTrials",
      [
        "Baseline", "Checks", "Crash", "Cryptography", "Csnappy", "Csqlite3", "KernelFormats", "KernelModel",
        "KernelObjects", "Postmortem", "TestKernel", "Vendor",
      ]
        + compression,
      path: "Tests/DecoderTrials"),
    // A folder of each test's own.
    testLibrary("TestFolder", [], path: "Tests/TestFolder"),
    tests("FilesTests", ["Files", "TestFolder"]),
    tests("KernelModelTests", ["DecoderTrials", "KernelModel", "TestKernel"]),
    tests("KernelFormatsTests", ["DecoderTrials", "KernelFormats", "KernelModel", "TestKernel"]),
    tests("KernelObjectsTests", ["KernelFormats", "KernelModel", "KernelObjects", "TestKernel"]),
    tests("CryptographyTests", ["Cryptography", "KernelFormats", "KernelModel"]),
    tests("VendorTests", ["Cryptography", "DecoderTrials", "Files", "KernelModel", "TestFolder", "Vendor"]),
    tests("BaselineTests", ["Baseline", "Cryptography", "DecoderTrials", "Files", "KernelModel", "TestFolder"]),
    tests(
      "CaptureTests", ["Capture", "Files", "KernelFormats", "KernelModel", "Postmortem", "TestFolder", "TestKernel"]),
    tests("ChecksTests", ["Checks", "KernelFormats", "KernelModel", "KernelObjects", "Report", "TestKernel"]),
    tests("PostmortemTests", ["DecoderTrials", "KernelFormats", "KernelModel", "Postmortem", "TestKernel"]),
    tests("CrashTests", ["Checks", "Crash", "KernelFormats", "KernelModel", "KernelObjects", "TestKernel"]),
    tests(
      "LiveProbeTests", ["Files", "KernelFormats", "KernelModel", "LiveProbe", "Report", "TestFolder", "TestKernel"]),
    tests("AuditTests", ["Audit", "Checks", "KernelModel", "TestKernel"]),
    tests("CorrelationTests", ["Audit", "Checks", "Correlation", "KernelModel", "Report", "TestKernel"]),
    tests(
      "ReportTests", ["Audit", "Checks", "Crash", "KernelFormats", "KernelModel", "Report", "TestKernel"]),
    // Runs the program that is built beside it; linking that would cut down the tests' environment, see CHarden.
    tests("CLITests", ["CLI", "DecoderTrials", "TestKernel", "Vendor"]),
    tests("DocumentationTests", ["Checks", "KernelModel", "Report"]),

    // The lab: real kernels under emulation.
    testLibrary("Lab", ["KernelFormats", "KernelModel"], path: "Tests/Lab/Lab"),
    .executableTarget(name: "lab", dependencies: ["Lab"], path: "Tests/Lab/Command", swiftSettings: settings),
    tests("LabTests", ["KernelModel", "KernelObjects", "Lab", "SavedKernel"]),

    // Kernels that the lab saved, examined natively.
    testLibrary(
      "SavedKernel", ["KernelFormats", "KernelModel", "KernelObjects", "LiveProbe", "Postmortem", "Vendor"],
      path: "Tests/SavedKernel"),
    .executableTarget(
      name: "native-bench",
      dependencies: ["Checks", "KernelModel", "KernelObjects", "Lab", "Postmortem", "Report", "SavedKernel"],
      path: "Tests/NativeBench", swiftSettings: settings),
  ],
  swiftLanguageModes: [.v6]
)
