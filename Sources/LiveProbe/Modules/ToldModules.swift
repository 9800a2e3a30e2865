import Files
import KernelFormats
package import KernelModel

/// The names of loaded modules that user space is told, read once and held against nothing.
package enum ToldModules {
  package static func read(_ root: SystemRoot, withKallsyms: Bool) -> ModuleNames {
    ModuleNames(
      procModules: Result { () throws(Withheld) in Set(try ModuleReading.list(root).map(\.name)) },
      sysfs: Result { () throws(Withheld) in
        do throws(FileFault) {
          return Set(try SysfsModule.loadedNames(root, except: []))
        } catch {
          throw Withheld("/sys/module", why: error.description)
        }
      },
      kallsyms: withKallsyms ? Result { () throws(Withheld) in try kallsyms(root) } : nil)
  }

  private static func kallsyms(_ root: SystemRoot) throws(Withheld) -> Set<String> {
    do throws(KallsymsFault) {
      return Set(try ProcKallsyms.read(root).symbols.moduleNames)
    } catch {
      throw Withheld("/proc/kallsyms", why: error.description)
    }
  }
}
