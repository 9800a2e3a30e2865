package import KernelModel

/// How a boot loader takes a kernel.
package protocol BootArchitecture: Architecture {
  /// Where the compressed kernel lies in what a boot loader takes.
  static func bootPayload(in file: UnsafeRawBufferPointer) throws(VendorFileError) -> Range<Int>
}
