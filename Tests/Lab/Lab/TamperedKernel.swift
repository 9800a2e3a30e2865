package import Foundation

/// A kernel whose memory the lab changes from outside: a guest's, or one that was saved.
package protocol TamperedKernel: AnyObject {
  var kernel: GuestKernel { get }
  /// The physical memory.
  var memory: GuestMemory { get }
  var memoryFile: URL { get }

  /// The addresses of symbols, as `/proc/kallsyms` gives them; a name that is not there is left out.
  ///
  /// The first symbol of a name counts.
  func symbols(_ names: [String]) throws(LabError) -> [String: UInt64]
  /// What an awk program prints of `/proc/kallsyms`, without the space around it.
  func kallsyms(awk program: String) throws(LabError) -> String
  /// How the kernel's virtual addresses lie in physical memory.
  func addressMap() throws(LabError) -> AddressMap
  /// The physical address of a page that no part of the kernel owns, and that nobody uses from now on.
  func unownedPage() throws(LabError) -> UInt64
  /// Has nothing change by itself until `resume()`.
  func pause() throws(LabError)
  func resume() throws(LabError)
}

extension TamperedKernel {
  /// The address of a kernel symbol that must exist.
  package func symbol(_ name: String) throws(LabError) -> UInt64 {
    guard let address = try symbols([name])[name] else { throw LabError("\(kernel) has no symbol \(name)") }
    return address
  }
}
