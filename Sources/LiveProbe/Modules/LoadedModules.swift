import Glibc
import KernelFormats
package import KernelModel

/// The modules that the kernel says are loaded: `/proc/modules`, held against libkmod and `/sys/module`.
///
/// Modules come and go while they are read. What the sources say differently counts only if the module stood unchanged
/// in `/proc/modules` before and after, and if it is said again in every one of ``confirmations`` further readings.
package struct LoadedModules {
  /// The modules of `/proc/modules`, in its order, each with what the sources say differently about it.
  package let modules: [ModuleClaim]
  /// What concerns no listed module: a name that only `/sys/module` or libkmod knows, a list that kept changing.
  package let remarks: [String]

  /// How often a disagreement must be seen again.
  private static let confirmations = 3
  /// How often the list is read anew because it changed meanwhile.
  private static let attempts = 3
  /// Between two readings, in microseconds: time for a load or unload to get through.
  private static let pause: useconds_t = 20_000

  /// Reads and cross-checks the list.
  ///
  /// - Throws: if `/proc/modules` cannot be had; the remedy says how it could.
  package static func read(_ root: SystemRoot) throws(Withheld) -> LoadedModules {
    try read(root) { usleep(pause) }
  }

  /// As ``read(_:)``, with what is done between two readings given.
  package static func read(_ root: SystemRoot, wait: () -> Void) throws(Withheld) -> LoadedModules {
    var reading = try ModuleReading.take(root)
    var attempt = 1
    while !reading.isSettled, attempt < attempts {
      wait()
      reading = try ModuleReading.take(root)
      attempt += 1
    }
    var disagreements = reading.disagreements
    var strangers = reading.strangers
    var confirmation = 0
    while !disagreements.isEmpty || !strangers.isEmpty, confirmation < confirmations {
      wait()
      let again = try ModuleReading.take(root)
      var still: [String: Set<String>] = [:]
      for (name, said) in disagreements {
        let again = said.intersection(again.disagreements[name] ?? [])
        if !again.isEmpty { still[name] = again }
      }
      disagreements = still
      strangers.formIntersection(again.strangers)
      reading = again
      confirmation += 1
    }
    var remarks = strangers.sorted()
    if !reading.isSettled {
      remarks.append(
        "/proc/modules kept changing while it was read: what the sources say differently about the modules that were "
          + "being loaded or unloaded was not judged")
    }
    if let refusal = reading.libkmodRefusal { remarks.append(refusal) }
    let modules = reading.modules.map { module in
      var module = module
      module.disagreements = (disagreements[module.name] ?? []).sorted()
      return module
    }
    return LoadedModules(modules: modules, remarks: remarks)
  }
}
