import Checks
import KernelModel
import KernelObjects
import Postmortem
import SavedKernel

/// What is inferred of the layouts of kernels in images of memory, against their types; and what checks say without these.
enum LayoutRun {
  private static let checks: Set = ["module-list", "module-text", "executable-memory", "taint"]

  /// - Parameters:
  ///   - label: of the kernel in the lab's cache.
  ///   - images: of its memory.
  /// - Returns: whether nothing was inferred wrongly, and nothing found.
  static func run(label: String, images: [String], only id: String?) throws -> Bool {
    var isRight = true
    for path in images {
      let dead = try DeadKernel(DumpFile.open(path: path, map: nil))
      var kernel = Kernel(
        identity: dead.kernel.identity, memory: dead.kernel.memory, mappings: dead.kernel.mappings,
        symbols: dead.kernel.symbols, claims: dead.kernel.claims,
        reference: SavedReference.make(label: label, identity: dead.kernel.identity))
      kernel.isRunning = false
      kernel.moduleNames = dead.kernel.moduleNames
      kernel.symbolsAreWhole = dead.kernel.symbolsAreWhole
      let types = try kernel.structures.reader.types
      for hasImage in [true, false] {
        let untyped = UntypedKernel(kernel, hasImage: hasImage)
        let clock = ContinuousClock()
        let start = clock.now
        let (wrong, right, missing) = try untyped.differences(from: types)
        print(
          "\(path): \(hasImage ? "with" : "without") the image: \(right) right, wrong: \(wrong), missing: \(missing), "
            + "\(start.duration(to: clock.now))")
        print("  \(try untyped.kernel.provenStructures.reader.types.unknown("nothing"))")
        isRight = isRight && wrong.isEmpty
        for check in Registry.checks where id.map({ $0 == check.manual.id }) ?? checks.contains(check.manual.id) {
          let result = CheckRun.tell(check, try withModules(untyped.kernel), path)
          isRight = isRight && result
        }
      }
    }
    return isRight
  }

  /// What a dump's kernel is made to say of its modules.
  private static func withModules(_ kernel: Kernel) throws -> Kernel {
    var claims = kernel.claims
    claims.loadedModules = .success(try ListedModules.claims(of: kernel))
    var whole = Kernel(
      identity: kernel.identity, memory: kernel.memory, mappings: kernel.mappings,
      symbols: try ModuleSymbols.adding(to: kernel), claims: claims, reference: kernel.reference)
    whole.isRunning = false
    whole.symbolsAreWhole = kernel.symbolsAreWhole
    whole.moduleNames = kernel.moduleNames
    whole.account = StructuralAccount.of
    return whole
  }
}
