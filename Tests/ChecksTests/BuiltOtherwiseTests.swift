import Checks
import KernelModel
import TestKernel
import Testing

/// Kernels that were built without something.
@Suite struct BuiltOtherwiseTests {
  private func outcome(_ check: any Check, of kernel: Kernel) -> CannotCheck? {
    do throws(CannotCheck) {
      _ = try check.examine(kernel)
      return nil
    } catch {
      return error
    }
  }

  @Test func `questions about modules do not arise where none can be loaded`() {
    var kernel = TestKernel().kernel
    kernel.isBuiltWithoutModules = true
    #expect(outcome(ModuleList(), of: kernel) == .builtWithoutModules)
    #expect(outcome(ModuleText(), of: kernel) == .builtWithoutModules)
  }

  @Test func `a name that is not told is no kernel without modules`() {
    let kernel = TestKernel().kernel
    #expect(kernel.symbols.lacksModuleLoader)
    #expect(!kernel.isBuiltWithoutModules)
    #expect(outcome(ModuleList(), of: kernel) != .builtWithoutModules)
  }

  @Test func `a kernel without type information is told from one that does not name it`() {
    let test = TestKernel()
    #expect(outcome(Processes(), of: test.kernel) == .symbolMissing("__start_BTF"))
    var kernel = test.kernel
    kernel.symbolsAreWhole = true
    #expect(outcome(Processes(), of: kernel)?.description.contains("CONFIG_KALLSYMS_ALL") == true)
    test.add("init_task", TestKernel.records, "D")
    kernel = test.kernel
    kernel.symbolsAreWhole = true
    guard case .withheld(let withheld)? = outcome(Processes(), of: kernel) else {
      Issue.record("not withheld")
      return
    }
    #expect(withheld.why.contains("built without it (CONFIG_DEBUG_INFO_BTF)"))
    #expect(withheld.remedy.contains("the vmlinux of this build with its debugging information"))
  }

  @Test func `an image without type information is not asked for again`() throws {
    let test = TestTextKernel()
    test.vendor.file.sections.removeAll { $0.name == ".BTF" }
    test.symbols.removeAll { !["_text", "_etext"].contains($0.name) }
    var kernel = test.kernel
    kernel.symbolsAreWhole = true
    let withheld = try #require(outcome(Processes(), of: kernel))
    #expect("\(withheld)".contains("has no section .BTF"), "\(withheld)")
  }

  @Test func `what does not help where structures were shuffled is not asked for`() throws {
    func remedy(_ vermagic: String) throws -> String {
      let test = TestTextKernel()
      test.vendor.file.sections.removeAll { $0.name == ".BTF" }
      let constants = try #require(test.vendor.file.sections.firstIndex { $0.name == ".rodata" })
      test.vendor.file.sections[constants].bytes.replaceSubrange(
        0x60..<0x60 + vermagic.utf8.count, with: vermagic.utf8)
      guard case .withheld(let withheld)? = outcome(Processes(), of: test.kernel) else { return "" }
      return withheld.remedy
    }
    #expect(try remedy("SMP mod_unload").hasPrefix("give the vmlinux of this build"))
    #expect(try remedy("mod_unload RANDSTRUCT_5eed").hasPrefix("if clang built this kernel"))
  }
}
