import Glibc
package import KernelModel
import LiveProbe
import Vendor

/// What should be there, for a saved kernel: the files of its label in the lab's cache.
///
/// The one place that knows how a ``VendorReference`` is put together here.
package enum SavedReference {
  package static func make(label: String, identity: KernelIdentity) -> any Reference {
    let directory = "\(cache)/\(label)"
    let modules = ModuleFiles(SystemRoot(path: "\(directory)/modules"), release: identity.release)
    return VendorReference(
      identity: identity, store: VendorStore(reference: "\(directory)/vmlinuz"), modules: modules)
  }

  /// `LIVEPROBE_LAB_CACHE`, or `~/.cache/liveprobe-lab`.
  private static var cache: String {
    func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }
    return variable("LIVEPROBE_LAB_CACHE") ?? "\(variable("HOME") ?? "/root")/.cache/liveprobe-lab"
  }
}
