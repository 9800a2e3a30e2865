import Files
import Glibc
import KernelFormats
import KernelModel

/// Whether `/proc/kallsyms` can be had with addresses and data symbols, and if not, which setting withholds them.
struct KallsymsPreflight {
  let root: SystemRoot
  let confinement: Confinement

  private let what = "/proc/kallsyms"
  private static let whoCoversIt = "find out what is mounted over it, or what filters it"

  init(root: SystemRoot, confinement: Confinement? = nil) {
    self.root = root
    self.confinement = confinement ?? Confinement.read(root)
  }

  /// - Parameter symbols: what came of holding them against the kernel's own tables; nil if nobody did.
  func state(_ kallsyms: Result<Kallsyms, KallsymsFault>, _ symbols: KernelSymbols? = nil) -> Preflight.State {
    let areHidden = (try? kallsyms.get().symbols.addressesAreWithheld) == true && settingsHideAddresses
    if case .edited(let count, let missing, let strange)? = symbols?.comparison, !areHidden {
      return .edited(
        Withheld(
          what,
          why: "it hides or changes \(missing.count) of the \(count) symbols in the kernel's own tables, and adds "
            + "\(strange.count)",
          remedy: "it is filtered: a scan uses the kernel's own tables; its check reader has the details"))
    }
    return symbols?.areInItsPlace == true ? replaced(kallsyms) : state(of: kallsyms)
  }

  /// Of a file that cannot be used, where the kernel's own tables in memory could be read.
  private func replaced(_ kallsyms: Result<Kallsyms, KallsymsFault>) -> Preflight.State {
    let instead = "; a scan uses the kernel's own table of symbols in memory"
    if case .failure(.file(let fault)) = kallsyms, fault.isAbsence {
      // What has the tables was built with CONFIG_KALLSYMS.
      return .withheld(
        Withheld(what, why: "it is missing, though this kernel was built with it\(instead)", remedy: Self.whoCoversIt))
    }
    switch state(of: kallsyms) {
    case .available, .edited:
      return .withheld(Withheld(what, why: "it cannot be used\(instead)", remedy: Self.whoCoversIt))
    case .withheld(let withheld), .absent(let withheld):
      return .withheld(Withheld(what, why: withheld.why + instead, remedy: withheld.remedy))
    }
  }

  private func state(of kallsyms: Result<Kallsyms, KallsymsFault>) -> Preflight.State {
    switch kallsyms {
    case .failure(.file(let fault)) where fault.isAbsence:
      return .absent(
        Withheld(
          what,
          why: root.exists("proc/version") ? "not available in this kernel" : "/proc is not mounted, or not whole",
          remedy: root.exists("proc/version")
            ? "use a kernel with CONFIG_KALLSYMS=y" : "mount -t proc proc /proc"))
    case .failure(.file(let fault)):
      let isForbidden = fault.errorNumber == EACCES || fault.errorNumber == EPERM
      return .withheld(
        Withheld(what, why: fault.why, remedy: isForbidden ? "run as root" : Self.whoCoversIt))
    case .failure(.malformed(let problem)):
      return .withheld(Withheld(what, why: problem, remedy: Self.whoCoversIt))
    case .success(let kallsyms):
      guard kallsyms.symbols.count > 0 else {
        return .absent(
          Withheld(what, why: "it lists no symbol", remedy: Self.whoCoversIt))
      }
      guard !kallsyms.symbols.addressesAreWithheld else { return .withheld(zeros) }
      guard kallsyms.malformedLines > 0 || kallsyms.overlongNames > 0 else {
        return .available("\(kallsyms.symbols.count) symbols")
      }
      return .available(
        "\(kallsyms.symbols.count) symbols; \(kallsyms.malformedLines) malformed lines and "
          + "\(kallsyms.overlongNames) names longer than the kernel allows were ignored")
    }
  }

  /// Whether it is known why every address is zero: by settings, or for want of a right.
  var settingsHideAddresses: Bool {
    restrict.map { $0 >= 2 } == true || confinement.has(Confinement.syslog) != true || confinement.isInUserNamespace
  }

  private var restrict: Int? {
    // Unreadable settings are simply not named.
    (try? root.text(of: "proc/sys/kernel/kptr_restrict")).flatMap { Int($0) }
  }

  /// Why every address is zero.
  ///
  /// Source: kallsyms_show_value (kernel/ksyms_common.c, v6.12).
  private var zeros: Withheld {
    let isCapable = confinement.has(Confinement.syslog)
    if let restrict, restrict >= 2 {
      return Withheld(
        what, why: "every address is zero: kernel.kptr_restrict is \(restrict), which hides them from root too",
        remedy: "sysctl kernel.kptr_restrict=1 for the time of the scan")
    }
    if isCapable == false || confinement.isInUserNamespace {
      return Withheld(
        what, why: "every address is zero: this process has no CAP_SYSLOG with the host's kernel",
        remedy: confinement.signsOfContainer.isEmpty ? "run as root" : "run as root on the host itself")
    }
    return Withheld(
      what,
      why: "every address is zero, though kernel.kptr_restrict is \(restrict.map(String.init) ?? "unreadable")"
        + (isCapable == true ? " and this process has CAP_SYSLOG" : ""),
      remedy: isCapable == true ? "find out what filters it" : "run as root")
  }

  /// Whether the symbols include data (CONFIG_KALLSYMS_ALL), the tables of system calls among them.
  static func dataSymbols(_ symbols: SymbolTable?) -> Preflight.State {
    let what = "data symbols"
    guard let symbols else {
      return .withheld(
        Withheld(what, why: "they are in /proc/kallsyms, which cannot be read", remedy: "see /proc/kallsyms above"))
    }
    func isNamed(_ name: String) -> Bool { symbols.symbols(named: name).contains { $0.module == nil } }
    if isNamed("sys_call_table") { return .available("sys_call_table is present") }
    if symbols.namesData {
      return .absent(
        Withheld(
          what, why: "data symbols are present, but not sys_call_table",
          remedy: "nothing to do: the tables are searched for in memory"))
    }
    return .absent(
      Withheld(
        what, why: "none: this kernel was built without CONFIG_KALLSYMS_ALL",
        remedy: "give the System.map of this build, or its vmlinux with symbols, with --reference when you scan; "
          + "without it, the system call tables are searched for in memory, and checks that need other variables are unknown"
      )
    )
  }
}
