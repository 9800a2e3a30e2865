internal import KernelModel
internal import KernelObjects

/// The kernel's switches, and the programs that it starts itself, at one moment, and what user space is told of them.
struct SwitchLook {
  /// What user space is told otherwise than memory has it, before and after it was asked.
  struct Contradiction: Hashable {
    let name: String
    let file: String
    let inMemory: String
    /// Nil if nothing is told of it at all.
    let told: String?
  }

  /// In the table's order.
  private(set) var values: [(name: String, words: String)] = []
  /// Those that binfmt_misc has are last.
  private(set) var programs: [NamedProgram] = []
  private(set) var wrong: [Contradiction] = []
  /// What cannot be said of a switch, and of which.
  private(set) var remarks: [String] = []
  /// Why some cannot be read; nil if all can.
  private(set) var obstacle: CannotCheck?
  /// Why those that binfmt_misc has cannot be told; nil if they can.
  private(set) var obstacleOfInterpreters: CannotCheck?

  init(of kernel: Kernel) throws(CannotCheck) {
    let structures = try kernel.structures
    // Where there is none, nothing is known of what the vendor built.
    let vendor = try? kernel.vendorImage
    try structures.now { (snapshot) throws(CannotCheck) in try read(snapshot, vendor) }
    let interpreters = readInterpreters(structures)
    programs += interpreters.map { NamedProgram($0) }
    guard kernel.isRunning else { return }
    compare(interpreters, kernel, structures)
    try compareValues(kernel, structures, vendor)
  }

  private mutating func compareValues(
    _ kernel: Kernel, _ structures: KernelStructures, _ vendor: VendorImage?
  ) throws(CannotCheck) {
    var told: [Contradiction] = []
    for value in Switch.all {
      guard let words = values.first(where: { $0.name == value.name })?.words, !value.file.isEmpty,
        let text = kernel.toldSettings.text(value.file)
      else { continue }
      let claim = value.told(text)
      if claim != words, !value.isSame(claim, words) {
        told.append(Contradiction(name: value.name, file: value.file, inMemory: words, told: claim))
      }
    }
    for program in programs where !program.file.isEmpty {
      guard let text = kernel.toldSettings.text(program.file), text != program.bareText else { continue }
      told.append(
        Contradiction(name: program.name, file: program.file, inMemory: program.bareText, told: text))
    }
    guard !told.isEmpty else { return }
    let interpreters = programs.filter { $0.kind == .interpreter }
    try structures.now { (snapshot) throws(CannotCheck) in try read(snapshot, vendor) }
    programs += interpreters
    wrong += told.filter { $0.inMemory == inMemory($0.name) }
  }

  private mutating func readInterpreters(_ structures: KernelStructures) -> [ProgramInterpreter] {
    do throws(CannotCheck) {
      return try structures.now { (snapshot) throws(CannotCheck) in try ProgramInterpreter.all(snapshot) }
        .sorted { ($0.name, $0.address) < ($1.name, $1.address) }
    } catch {
      obstacleOfInterpreters = error
      return []
    }
  }

  /// What is in memory before and after the file system is read, and in the same place, is told there.
  private mutating func compare(
    _ before: [ProgramInterpreter], _ kernel: Kernel, _ structures: KernelStructures
  ) {
    guard !before.isEmpty, let told = kernel.toldSettings.interpreters() else { return }
    switch told {
    case .failure(let withheld): remarks.append("not compared with what user space sees: \(withheld)")
    case .success(let told):
      let after = Set(readInterpreters(structures))
      for interpreter in before where interpreter.device == told.device && after.contains(interpreter) {
        let path = told.paths[interpreter.name]
        // What cannot be read, or has more than a line, is not compared.
        if let path, path == nil || interpreter.path.contains("\n") || path == interpreter.path { continue }
        let program = NamedProgram(interpreter)
        wrong.append(
          Contradiction(
            name: program.name, file: "proc/sys/fs/binfmt_misc/\(interpreter.name)", inMemory: interpreter.path,
            told: path ?? nil))
      }
    }
  }

  private func inMemory(_ name: String) -> String? {
    values.first { $0.name == name }?.words ?? programs.first { $0.name == name }?.bareText
  }

  private mutating func read(_ snapshot: Snapshot, _ vendor: VendorImage?) throws(CannotCheck) {
    (values, remarks, obstacle) = ([], [], nil)
    for value in Switch.all {
      do throws(CannotCheck) {
        guard let number = try value.value(snapshot) else { continue }
        guard let words = value.words(number, snapshot.types) else {
          remarks.append("\(value.name) is \(number) in memory, and what that means on this kernel is not known")
          continue
        }
        values.append((value.name, words))
      } catch .symbolAmbiguous(let symbol, let count) {
        remarks.append("\(value.name) was left out: the kernel has \(count) variables that are called \(symbol)")
      } catch {
        obstacle = obstacle ?? error
      }
    }
    do throws(CannotCheck) {
      programs = try NamedProgram.all(snapshot, vendor)
    } catch {
      (programs, obstacle) = ([], obstacle ?? error)
    }
  }
}

extension Switch {
  /// Some kernels keep in one byte what others keep in four; what lies behind that is another variable's.
  fileprivate func isSame(_ told: String, _ words: String) -> Bool {
    guard case .number = form, let one = Int32(told), let other = Int32(words) else { return false }
    return one >= 0 && UInt8(truncatingIfNeeded: one) == UInt8(truncatingIfNeeded: other) && one <= 255
  }
}

extension NamedProgram {
  /// Without blanks at its ends, as a file of settings is read.
  fileprivate var bareText: String {
    let blanks: Set<Character> = [" ", "\t", "\n", "\r"]
    var text = self.text[...]
    while let last = text.last, blanks.contains(last) { text = text.dropLast() }
    return String(text.drop { blanks.contains($0) })
  }
}
