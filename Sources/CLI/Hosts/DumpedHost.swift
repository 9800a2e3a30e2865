internal import Audit
internal import Checks
internal import KernelModel
internal import LiveProbe
internal import Postmortem
internal import Vendor

/// A host of which there is a dump: acquires its dead kernel.
struct DumpedHost: KernelSource {
  private let path: String
  private let open: () throws(DumpError) -> any Dump
  private let store: VendorStore
  private let names: ModuleNameList
  /// What is still to be read ahead.
  private var ahead: FilesAhead
  private var acquired: DeadKernel?
  /// The latest acquisition.
  private(set) var kernel: Kernel?
  /// What the kernel does for a moment if it runs after all: see ``Kernel/pause``.
  var pause: () -> Void = {}
  private(set) var remarks: [String] = []
  private(set) var symbolCount = 0

  /// - Parameters:
  ///   - map: a file that says where a raw image's memory lies.
  ///   - reference: the image, folder or package to take the vendor's files from, or nil to look where vendors put
  ///     them, on this host.
  ///   - ahead: what will be asked for, so that it is worth reading ahead.
  init(path: String, map: String?, reference: String?, ahead: FilesAhead = .none) {
    self.init(name: path, reference: reference, ahead: ahead) { () throws(DumpError) in
      try DumpFile.open(path: path, map: map)
    }
  }

  /// - Parameters:
  ///   - name: what the dump is called in messages.
  ///   - open: gives it, each time the kernel is acquired.
  init(name: String, reference: String?, ahead: FilesAhead = .none, open: @escaping () throws(DumpError) -> any Dump) {
    path = name
    self.open = open
    let names = ModuleNameList()
    self.names = names
    self.ahead = ahead
    store = VendorStore(reference: reference, loadedModules: { names.all }, processors: ahead.processors)
  }

  var bytesRead: UInt64 { acquired?.bytesRead() ?? 0 }

  /// The name of the host that died; nil if it is not known.
  var nodeName: String? { acquired?.nodeName }

  mutating func acquire(progress: (String) -> Void) throws(AcquisitionFailure) -> Kernel {
    progress("opening the dump")
    let dead: DeadKernel
    do {
      dead = try DeadKernel(try open(), progress: progress)
    } catch let withheld as Withheld {
      throw AcquisitionFailure([withheld])
    } catch {
      throw AcquisitionFailure([
        Withheld(path, why: "\(error)", remedy: "see 'liveprobe help scan' for what can be read")
      ])
    }
    acquired = dead
    remarks = dead.conclusions.map(\.description) + dead.remarks
    let kernel = complete(dead.kernel)
    self.kernel = kernel
    return kernel
  }

  /// The dead kernel with what its own structures say of modules, and with what should be there.
  private mutating func complete(_ dead: Kernel) -> Kernel {
    let reference = VendorReference(
      identity: dead.identity, store: store, modules: ModuleFiles(SystemRoot(), release: dead.identity.release))
    if ahead.image, ahead.processors > 1 { store.readAhead(release: dead.identity.release) }
    ahead.image = false
    var claims = dead.claims
    var symbols = dead.symbols
    do throws(CannotCheck) {
      (claims.loadedModules, symbols) = try Self.modules(of: dead, names)
    } catch {
      // What it does not say of itself, somebody may have brought; packages are read for the names of modules only now.
      var assisted = Kernel(
        identity: dead.identity, memory: dead.memory, mappings: dead.mappings, symbols: symbols, claims: claims,
        reference: reference)
      assisted.isRunning = false
      assisted.symbolsAreWhole = dead.symbolsAreWhole
      do throws(CannotCheck) {
        (claims.loadedModules, symbols) = try Self.modules(of: assisted, names)
      } catch {
        claims.loadedModules = .failure(Withheld("the list of modules in memory", why: "\(error)"))
      }
    }
    dead.workings.clear()
    if ahead.modules { reference.readAhead(modulesNamed: names.all) }
    ahead.modules = false
    symbolCount = symbols.count
    var kernel = Kernel(
      identity: dead.identity, memory: dead.memory, mappings: dead.mappings, symbols: symbols, claims: claims,
      reference: reference)
    kernel.isRunning = false
    kernel.isBuiltWithoutModules = dead.isBuiltWithoutModules
    kernel.symbolsAreWhole = dead.symbolsAreWhole
    kernel.processors = dead.processors
    kernel.reading = dead.reading
    kernel.moduleNames = dead.moduleNames
    kernel.account = StructuralAccount.of
    kernel.pause = pause
    return kernel
  }

  /// The modules that a dead kernel lists, and its symbols with theirs.
  private static func modules(
    of kernel: Kernel, _ names: ModuleNameList
  ) throws(CannotCheck) -> (Result<[ModuleClaim], Withheld>, SymbolTable) {
    let listed = try ListedModules.claims(of: kernel)
    names.all = listed.map(\.name)
    return (.success(listed), try ModuleSymbols.adding(to: kernel))
  }
}

/// The names of the dead kernel's modules, once they are known: a package is read once for all of them.
private final class ModuleNameList {
  var all: [String] = []
}
