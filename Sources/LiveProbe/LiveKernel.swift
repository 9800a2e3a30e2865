import Files
import Glibc
import KernelFormats
package import KernelModel

/// The kernel that is running, acquired through `/proc` and `/sys`.
package enum LiveKernel {
  /// How long the kernel is left alone before something that looked half done is looked at again, in microseconds.
  ///
  /// A patch is three steps with an interrupt of all processors between them: milliseconds on any machine.
  private static let pause: UInt32 = 50_000

  /// What the trial is called in which a copy of the program under another name sees the same.
  package static let renamedCopyTrial = AnotherName.name

  /// Looks at the running kernel afresh.
  ///
  /// What is merely useful and cannot be had becomes a ``Withheld`` claim of the kernel.
  ///
  /// - Parameters:
  ///   - reference: gives what should be there, once it is known which kernel this is.
  ///   - executable: the program itself, of which a copy is run under another name to see whether it is shown the same;
  ///     nil to run none.
  ///   - progress: told what is being done, in words for a person.
  /// - Throws: if something is missing without which nothing can be asked: see ``Preflight/Need/isNeeded``.
  package static func acquire(
    _ root: SystemRoot = SystemRoot(), reference: (KernelIdentity) -> any Reference,
    executable: String? = nil, progress: (String) -> Void = { _ in }
  ) throws(CannotAcquire) -> Acquisition {
    progress("opening /proc/kcore")
    let path = ReadingPath(root, executable: executable)
    let openedKcore = Result { () throws(KcoreError) in try ProcKcore(root, channel: path.openingChannel) }
    progress("reading /proc/kallsyms")
    var digest = KernelSymbolsDigest()
    let readKallsyms = Result { () throws(KallsymsFault) in try ProcKallsyms.read(root, digest: &digest) }
    let refusal = { CannotAcquire(preflight: Preflight.examine(root, kcore: openedKcore, kallsyms: readKallsyms)) }
    let told = KernelSymbols.told(readKallsyms)
    guard case .success(let firstKcore) = openedKcore,
      !told.addressesAreWithheld || !KallsymsPreflight(root: root).settingsHideAddresses
    else { throw refusal() }
    progress("trying out the reading path")
    let kallsyms = try? readKallsyms.get()  // where there is none, the kernel's own tables may do
    let (reading, channel, otherChannel) = path.tryOut(
      firstKcore, symbols: told, symbolsDigest: kallsyms.map { _ in digest.text })
    let kcore = try reopen(firstKcore, root, through: channel)
    let mappings = LiveMappings.build(kcore: kcore, memory: kcore, symbols: told)
    let known = KernelSymbols(readKallsyms, kcore: kcore, mappings: mappings)
    let symbols = known.table
    guard kallsyms != nil || known.areInItsPlace, !symbols.addressesAreWithheld else { throw refusal() }
    var remarks = kcore.remarks
    if let kallsyms, kallsyms.malformedLines > 0 {
      remarks.append("/proc/kallsyms: \(kallsyms.malformedLines) lines make no sense and were left out")
    }
    if let kallsyms, kallsyms.overlongNames > 0 {
      remarks.append("/proc/kallsyms: \(kallsyms.overlongNames) names are longer than any the kernel allows")
    }
    progress("reading the list of modules")
    let modules = Result { () throws(Withheld) in try LoadedModules.read(root) }
    if case .success(let modules) = modules { remarks += modules.remarks }
    let isBuiltWithoutModules =
      known.areWhole && symbols.lacksModuleLoader && !root.exists("proc/modules") && root.exists("proc/version")
    let live = LiveIdentity.read(root, kcore: kcore, symbols: symbols)
    remarks += live.remarks
    if let unknown = mappings as? UnknownMappings { remarks.append(unknown.reason) }
    // A channel that can be had no more was there a moment ago; then one is compared with itself.
    let other = otherChannel.flatMap { try? ProcKcore(root, channel: $0) } ?? kcore
    let views = TwoViews(kcore, other, mappings, symbols) { usleep(Self.pause) }
    let memory = CachedMemory(views.honestMemory)
    var kernel = Kernel(
      identity: live.identity, memory: memory, mappings: mappings, symbols: symbols,
      claims: Claims(
        loadedModules: isBuiltWithoutModules ? .success([]) : modules.map(\.modules), commandLine: commandLine(root),
        taint: taint(root),
        entryPoints: Machine.entryPoints(root)),
      reference: reference(live.identity))
    kernel.reading = reading.map { $0 + views.trials + [known.trial] }
    kernel.symbolsAreWhole = known.areWhole
    kernel.isBuiltWithoutModules = isBuiltWithoutModules
    kernel.pause = { usleep(Self.pause) }
    kernel.toldBpfNumbers = { ToldBpfNumbers.read($0) }
    kernel.toldProcesses = ProcessNumbers.told(root)
    kernel.toldSettings = SettingFiles.told(root)
    kernel.toldLists = ListFiles.told(root)
    kernel.toldSockets = { SocketFiles.told($0, process: $1, root) }
    kernel.moduleNames = { ToldModules.read(root, withKallsyms: $0) }
    kernel.toldTracing = TracingFiles.told(root)
    return Acquisition(kernel: kernel, remarks: remarks, kcore: kcore, withoutKallsyms: known.areInItsPlace)
  }

  /// `kcore` through another channel, unless it is read through that one already.
  private static func reopen(
    _ kcore: ProcKcore, _ root: SystemRoot, through channel: KcoreChannel
  ) throws(CannotAcquire) -> ProcKcore {
    guard channel != kcore.channel else { return kcore }
    let reopened = Result { () throws(KcoreError) in try ProcKcore(root, channel: channel) }
    if case .success(let kcore) = reopened { return kcore }
    throw CannotAcquire(
      preflight: Preflight.examine(
        root, kcore: reopened, kallsyms: Result { () throws(KallsymsFault) in try ProcKallsyms.read(root) }))
  }

  /// The running kernel's release, as `uname -r` says; empty if it cannot be had.
  package static func release(_ root: SystemRoot = SystemRoot()) -> String {
    KernelNames.read(root).release
  }

  /// Whether `/proc/kcore` opens and begins as it should: the cheapest of the things a scan needs, and the one most often
  /// refused.
  package static func canBeRead(_ root: SystemRoot) -> Bool {
    do throws(KcoreError) {
      _ = try ProcKcore(root)
      return true
    } catch {
      return false  // the acquisition meets the same obstacle, and says it
    }
  }

  private static func commandLine(_ root: SystemRoot) -> Result<String, Withheld> {
    do throws(FileFault) {
      return .success(try root.text(of: "proc/cmdline"))
    } catch {
      return .failure(Withheld("the kernel's command line", why: error.description))
    }
  }

  private static func taint(_ root: SystemRoot) -> Result<UInt64, Withheld> {
    let what = "the taint mask"
    do throws(FileFault) {
      let text = try root.text(of: "proc/sys/kernel/tainted")
      guard let mask = UInt64(text) else {
        return .failure(Withheld(what, why: "/proc/sys/kernel/tainted holds no number: \(text.prefix(40))"))
      }
      return .success(mask)
    } catch {
      return .failure(Withheld(what, why: error.description))
    }
  }
}

/// One look at the running kernel, sharing nothing with any other look.
package struct Acquisition {
  package var kernel: Kernel
  /// What was odd on the way, in words, and did not stop us.
  package let remarks: [String]
  /// The running kernel's memory as it is read, beneath the cache that ``kernel`` uses.
  package let kcore: ProcKcore
  /// Whether the kernel's symbols are those of its own tables alone, because `/proc/kallsyms` cannot be used: then those of
  /// modules are missing.
  package let withoutKallsyms: Bool

  /// Bytes read from `/proc/kcore` so far.
  package var bytesRead: () -> UInt64 {
    { [kcore] in kcore.bytesRead }
  }
}

/// Why no kernel could be acquired: the needed things that cannot be had, each with what to do.
package struct CannotAcquire: Error, Sendable {
  /// Everything that was looked for.
  package let preflight: Preflight
  /// The needed items that cannot be had; never empty.
  package var missing: [Preflight.Item] { preflight.missing }

  package init(preflight: Preflight) {
    self.preflight = preflight
  }
}

extension CannotAcquire: CustomStringConvertible {
  package var description: String {
    "the kernel cannot be looked at: " + missing.map { "\($0.name): \($0.state)" }.joined(separator: "; ")
  }
}
