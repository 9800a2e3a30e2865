internal import Audit
internal import KernelModel

/// Where the kernel comes from that a command looks at: this host, or a dump.
protocol KernelSource {
  /// The kernel, afresh.
  mutating func acquire(progress: (String) -> Void) throws(AcquisitionFailure) -> Kernel
  /// The name that the host goes by; nil if it is not known.
  var nodeName: String? { get }
  /// What was odd about the latest acquisition, and what else a reader should know of it.
  var remarks: [String] { get }
  /// Bytes read from kernel memory in all acquisitions.
  var bytesRead: UInt64 { get }
  /// Symbols of the latest acquisition.
  var symbolCount: Int { get }
}
