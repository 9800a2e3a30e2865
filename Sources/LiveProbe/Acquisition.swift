package import KernelModel

/// One look at the running kernel, sharing nothing with any other look.
package struct Acquisition {
  package var kernel: Kernel
  /// What was odd on the way, in words, and did not stop us.
  package let remarks: [String]
  /// The running kernel's memory as it is read, beneath the cache that ``kernel`` uses.
  package let kcore: ProcKcore

  /// Bytes read from `/proc/kcore` so far.
  package var bytesRead: () -> UInt64 {
    { [kcore] in kcore.bytesRead }
  }
}
