internal import Audit
internal import Checks
internal import Glibc
internal import KernelModel
internal import LiveProbe
internal import Vendor

/// The host that is scanned: acquires its kernel, as often as the audit asks, and remembers what that cost.
struct LiveHost: KernelSource {
  private let root = SystemRoot()
  /// The vendor's files, for all acquisitions.
  private let store: VendorStore
  /// What is still to be read ahead.
  private var ahead: FilesAhead
  /// Whether a copy of the program under another name is asked what it sees.
  private let asksCopy: Bool
  /// What came of the renamed copy, once it was shown nothing else than we.
  private var copies: [ReadingTrial] = []
  private var acquisitions: [(bytes: () -> UInt64, symbols: Int)] = []
  /// The latest acquisition.
  private(set) var acquisition: Acquisition?
  var nodeName: String? { HostName.current() }
  /// What was odd about the latest acquisition.
  private(set) var remarks: [String] = []

  /// - Parameters:
  ///   - reference: the image, folder or package to take the vendor's files from, or nil to look where vendors put
  ///     them.
  ///   - ahead: what will be asked for, so that it is worth reading ahead.
  ///   - asksCopy: whether a copy of the program is to be run, which only the check `reader` has a use for.
  init(reference: String?, ahead: FilesAhead = .imageOnly, asksCopy: Bool = false) {
    self.asksCopy = asksCopy
    self.ahead = ahead
    store = VendorStore(
      reference: reference,
      loadedModules: { [root] in
        Array((try? ToldModules.read(root, withKallsyms: false).procModules.get()) ?? [])
      }, processors: ahead.processors)
  }

  /// Bytes read from kernel memory in all acquisitions.
  var bytesRead: UInt64 { acquisitions.reduce(0) { $0 + $1.bytes() } }

  /// Symbols of the latest acquisition.
  var symbolCount: Int { acquisitions.last?.symbols ?? 0 }

  /// The running kernel, afresh.
  mutating func acquire(progress: (String) -> Void) throws(AcquisitionFailure) -> Kernel {
    readAhead(progress: progress)
    var files: VendorReference?
    do {
      let acquisition = try LiveKernel.acquire(
        root,
        reference: { identity in
          let reference = VendorReference(
            identity: identity, store: store, modules: ModuleFiles(root, release: identity.release))
          files = reference
          return reference
        }, executable: asksCopy && copies.isEmpty ? "/proc/self/exe" : nil, progress: progress)
      self.acquisition = acquisition
      acquisitions.append((acquisition.bytesRead, acquisition.kernel.symbols.count))
      remarks = acquisition.remarks
      var kernel = acquisition.kernel
      if ahead.modules, let modules = try? kernel.claims.loadedModules.get() {
        ahead.modules = false
        files?.readAhead(modulesNamed: modules.map(\.name))
      }
      kernel.account = StructuralAccount.of
      if case .success(let trials) = kernel.reading { kernel.reading = .success(withCopy(trials)) }
      if acquisition.withoutKallsyms, !kernel.isBuiltWithoutModules { try addModuleSymbols(to: &kernel) }
      return kernel
    } catch let error as CannotAcquire {
      throw AcquisitionFailure(error.missing.map(\.obstacle))
    } catch let withheld as Withheld {
      throw AcquisitionFailure([withheld])
    } catch {
      throw AcquisitionFailure([Withheld("the kernel", why: "\(error)")])
    }
  }

  /// Adds the symbols of modules, as the modules' own tables have them.
  private func addModuleSymbols(to kernel: inout Kernel) throws(Withheld) {
    do throws(CannotCheck) {
      kernel.symbols = try ModuleSymbols.adding(to: kernel)
      kernel.workings.clear()
    } catch {
      throw Withheld(
        "/proc/kallsyms", why: "it cannot be used, and the symbols of modules cannot be read in memory: \(error)",
        remedy: "run 'liveprobe doctor', and undo what keeps the file from being read")
    }
  }

  /// The trials of an acquisition, with what came of the renamed copy of the program in an earlier one: it is run a
  /// second time only if it was shown something else.
  private mutating func withCopy(_ trials: [ReadingTrial]) -> [ReadingTrial] {
    let name = LiveKernel.renamedCopyTrial
    if copies.isEmpty { copies = trials.filter { $0.name == name && !$0.isBroken } }
    return copies.isEmpty ? trials : trials.filter { $0.name != name } + copies
  }

  /// Reads the vendor's kernel image before the symbols take their room: see ``VendorStore``.
  private mutating func readAhead(progress: (String) -> Void) {
    // Decompressing takes a second; a scan that will be refused should not wait for it.
    guard ahead.image, LiveKernel.canBeRead(root) else { return }
    ahead.image = false
    progress("reading the vendor's kernel image")
    store.readAhead(release: LiveKernel.release(root))
  }
}

extension Preflight.Item {
  /// Why the item cannot be had, as an obstacle to an audit.
  var obstacle: Withheld {
    switch state {
    case .available(let detail): Withheld(name, why: detail)
    case .withheld(let withheld), .absent(let withheld), .edited(let withheld):
      Withheld(name, why: withheld.why, remedy: withheld.remedy)
    }
  }
}

/// The name the kernel has for this host; no name service is asked.
enum HostName {
  static func current() -> String {
    var name = [CChar](repeating: 0, count: 65)  // HOST_NAME_MAX and the end
    guard gethostname(&name, name.count - 1) == 0 else { return "" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
