internal import KernelModel
internal import KernelObjects

/// Whether the code and constants of listed modules are their files'; what differs is looked at again.
final class ModuleLikeness {
  private let kernel: Kernel

  private static let looks = 3

  init(_ kernel: Kernel) {
    self.kernel = kernel
  }

  func likeness(ofModule name: String) -> HookOwner.Likeness {
    do throws(CannotCheck) {
      var texts = try kernel.moduleTexts
      var work = try kernel.textWork
      var memory: any KernelMemory = kernel.memory
      var outcome = Self.compare(name, texts, memory)
      for _ in 1..<Self.looks where outcome != .equal && kernel.isRunning {
        work = try work.again()
        memory = kernel.memory.fresh
        texts = try ModuleTexts(work.verifier)
        outcome = Self.compare(name, texts, memory)
      }
      return outcome
    } catch {
      return .open("\(error)")
    }
  }

  private static func compare(
    _ name: String, _ texts: ModuleTexts, _ memory: any KernelMemory
  ) -> HookOwner.Likeness {
    let modules = texts.modules.modules.filter { $0.name == name }
    guard modules.count == 1 else { return .open("\(modules.count) modules of this name are on the kernel's list") }
    switch texts.compare(modules[0], in: memory) {
    case .inTransition(let state): return .open("it is \(state)")
    case .cannot(let reason): return .open("\(reason)")
    case .compared(let text, let comparison):
      if let other = text.otherBuild(comparison) { return .open("\(other)") }
      if let fault = comparison.unreadable.first { return .open("\(fault)") }
      return comparison.unexplained == 0 && text.recreation.violations.isEmpty ? .equal : .different
    }
  }
}
