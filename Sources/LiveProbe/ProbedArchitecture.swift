package import KernelModel

/// What a host's processors say of themselves to whoever may ask.
package protocol ProbedArchitecture: Architecture {
  /// Where each processor says that it enters the kernel.
  static func entryPoints(_ root: SystemRoot) -> Result<[EntryPoints], Withheld>
}
