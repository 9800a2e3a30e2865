import Files
import KernelFormats
import KernelModel

/// One reading of all that tells of loaded modules: `/proc/modules` first and last, the others in between.
struct ModuleReading {
  /// As `/proc/modules` said at the end, with sections from `/sys/module`.
  let modules: [ModuleClaim]
  /// Whether `/proc/modules` said the same before and after.
  let isSettled: Bool
  /// By name of a module that stood unchanged: what the sources say differently about it.
  let disagreements: [String: Set<String>]
  /// Modules that only `/sys/module` or only libkmod knows, in words.
  let strangers: Set<String>
  /// Why libkmod could not be asked, or nil.
  let libkmodRefusal: String?

  static func take(_ root: SystemRoot) throws(Withheld) -> ModuleReading {
    let before = try list(root)
    let kmod = root.isLive ? LibkmodModules.read() : nil
    var sysfs: [String: SysfsModule] = [:]
    var isKmodThere = false
    if case .success = kmod { isKmodThere = true }
    for module in before {
      sysfs[module.name] = SysfsModule.read(root, named: module.name, sectionsOnly: isKmodThere)
    }
    let hasSysfs = root.exists("sys/module")
    // Unreadable is as good as absent here: the preflight says so, and no module is said to be missing from it.
    let onlyInSysfs = (try? SysfsModule.loadedNames(root, except: Set(before.map(\.name)))) ?? []
    let after = try list(root)

    let earlier = Dictionary(before.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    var disagreements: [String: Set<String>] = [:]
    for module in after where module.state == "Live" && earlier[module.name] == module {
      var said: Set<String> = []
      if hasSysfs { said.formUnion(sysfsDisagreements(module, sysfs[module.name], root)) }
      if case .success(let listed) = kmod { said.formUnion(libkmodDisagreements(module, listed[module.name])) }
      if !said.isEmpty { disagreements[module.name] = said }
    }
    let named = Set(before.map(\.name)).union(after.map(\.name))
    var strangers = Set(
      onlyInSysfs.filter { !named.contains($0) }.map {
        "/sys/module has a loaded module \($0) that /proc/modules does not list"
      })
    var refusal: String?
    switch kmod {
    case .success(let listed):
      for name in listed.keys where !named.contains(name) {
        strangers.insert("libkmod lists a module \(name) that /proc/modules does not list")
      }
    case .failure(let reason): refusal = reason.why
    case nil: break
    }
    return ModuleReading(
      modules: after.map { module in
        var module = module
        module.sections = earlier[module.name]?.base == module.base ? sysfs[module.name]?.sections ?? [] : []
        return module
      }, isSettled: before == after, disagreements: disagreements, strangers: strangers, libkmodRefusal: refusal)
  }

  /// `/proc/modules`, decoded.
  static func list(_ root: SystemRoot) throws(Withheld) -> [ModuleClaim] {
    let text: [UInt8]
    do throws(FileFault) {
      text = try root.bytes(of: "proc/modules", limit: 16 << 20)
    } catch {
      throw Withheld(
        "the list of loaded modules", why: error.description,
        remedy: error.isAbsence
          ? "a kernel without module support (CONFIG_MODULES) has none; else mount the host's /proc" : "run as root")
    }
    do throws(ProcModulesError) {
      return try ProcModules.decode(text.span)
    } catch {
      throw Withheld("the list of loaded modules", why: "/proc/modules makes no sense: \(error)")
    }
  }

  private static func sysfsDisagreements(_ module: ModuleClaim, _ sysfs: SysfsModule?, _ root: SystemRoot) -> [String] {
    guard let sysfs else { return ["/proc/modules lists it, and /sys/module has no folder for it"] }
    var said: [String] = []
    if sysfs.hasState == false { said.append("/sys/module/\(module.name) has no initstate, as if it were built in") }
    // `coresize` counts what stays after loading, and so does `/proc/modules` once a module is live.
    // Source: show_coresize (kernel/module/main.c) and module_total_size (kernel/module/procfs.c), v6.12.
    if let byteCount = sysfs.byteCount, byteCount != module.byteCount {
      said.append("/proc/modules says \(module.byteCount) bytes, /sys/module \(byteCount)")
    }
    if let base = module.base, let text = sysfs.sections.first(where: { $0.name == ".text" })?.address, text != base {
      said += baseDisagreement(module, base: base, text: text, root)
    }
    return said
  }

  /// A module's memory starts with its first code section, which is nearly always `.text`; where it is not, one of
  /// the other sections must start there.
  private static func baseDisagreement(
    _ module: ModuleClaim, base: KernelAddress, text: KernelAddress, _ root: SystemRoot
  ) -> [String] {
    let isInside = MemoryRegion(start: base, byteCount: module.byteCount).contains(text)
    guard isInside, SysfsModule.allSections(root, named: module.name).contains(where: { $0.address == base }) else {
      return ["/proc/modules says it starts at \(base), /sys/module puts its .text at \(text)"]
    }
    return []
  }

  private static func libkmodDisagreements(_ module: ModuleClaim, _ kmod: LibkmodModules.Module?) -> [String] {
    guard let kmod else { return ["/proc/modules lists it, and libkmod does not"] }
    var said: [String] = []
    if let byteCount = kmod.byteCount, byteCount != module.byteCount {
      said.append("/proc/modules says \(module.byteCount) bytes, libkmod \(byteCount)")
    }
    if let state = kmod.state, state != module.state {
      said.append("/proc/modules says \(module.state), libkmod \(state)")
    }
    return said
  }
}
