package import KernelModel

extension X86_64: CrashArchitecture {
  package typealias Unwinder = OrcUnwinder
}
