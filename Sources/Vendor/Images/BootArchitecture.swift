package import KernelModel

/// How a boot loader takes a kernel.
package protocol BootArchitecture: Architecture {
  /// Where the compressed kernel lies in what a boot loader takes.
  static func bootPayload(in file: UnsafeRawBufferPointer) throws(VendorFileError) -> Range<Int>

  /// The release that a boot image says it is of, as `uname -r` gives it; nil if it says none, or is none.
  ///
  /// - Parameter file: its beginning: some ten thousand bytes.
  static func release(ofBootImage file: UnsafeRawBufferPointer) -> String?
}
