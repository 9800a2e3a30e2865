internal import Audit
internal import Baseline
internal import KernelModel
internal import LiveProbe

/// The host that is scanned: acquires its kernel, as often as the audit asks, and remembers what that cost.
struct LiveHost {
  private let root = SystemRoot()
  private let image: String?
  /// The vendor's tables, once they have been looked for: for all acquisitions, and nil if there are none.
  private var tables: VendorTables??
  private var acquisitions: [(bytes: () -> UInt64, symbols: Int)] = []
  /// What was odd about the latest acquisition.
  private(set) var remarks: [String] = []

  /// - Parameter image: the file to take the vendor's kernel image from, or nil to look where vendors put it.
  init(image: String?) {
    self.image = image
  }

  /// Bytes read from kernel memory in all acquisitions.
  var bytesRead: UInt64 { acquisitions.reduce(0) { $0 + $1.bytes() } }

  /// Symbols of the latest acquisition.
  var symbolCount: Int { acquisitions.last?.symbols ?? 0 }

  /// The running kernel, afresh.
  mutating func acquire(progress: (String) -> Void) throws(AcquisitionFailure) -> Kernel {
    let tables = vendorTables(progress: progress)
    do throws(CannotAcquire) {
      let acquisition = try LiveKernel.acquire(
        root,
        reference: { identity in
          let files = ModuleFiles(root, release: identity.release)
          return VendorReference(
            identity: identity, explicitImage: image, tables: tables,
            modules: { (name) throws(Withheld) -> ModuleFile in try files.moduleFile(named: name) })
        }, progress: progress)
      acquisitions.append((acquisition.bytesRead, acquisition.kernel.symbols.count))
      remarks = acquisition.remarks
      return acquisition.kernel
    } catch {
      throw AcquisitionFailure(error.missing.map(\.obstacle))
    }
  }

  /// The vendor's tables, read before the symbols take their room: see ``VendorTables``.
  private mutating func vendorTables(progress: (String) -> Void) -> VendorTables? {
    if let tables { return tables }
    // Decompressing takes a second; a scan that will be refused should not wait for it.
    guard LiveKernel.canBeRead(root) else { return nil }
    progress("reading the vendor's kernel image")
    let read = VendorTables.read(release: LiveKernel.release(root), explicitImage: image)
    tables = .some(read)
    return read
  }
}

extension Preflight.Item {
  /// Why the item cannot be had, as an obstacle to an audit.
  var obstacle: Withheld {
    switch state {
    case .available(let detail): Withheld(name, why: detail)
    case .withheld(let withheld), .absent(let withheld): Withheld(name, why: withheld.why, remedy: withheld.remedy)
    }
  }
}
