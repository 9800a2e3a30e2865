internal import KernelModel
internal import KernelObjects

/// The kernel's switches, and the programs that it starts itself, at one moment, and what user space is told of them.
struct SwitchLook {
  /// What user space is told otherwise than memory has it, before and after it was asked.
  struct Contradiction: Hashable {
    let name: String
    let file: String
    let inMemory: String
    let told: String
  }

  /// In the table's order.
  private(set) var values: [(name: String, words: String)] = []
  private(set) var programs: [NamedProgram] = []
  private(set) var wrong: [Contradiction] = []
  /// What cannot be said of a switch, and of which.
  private(set) var remarks: [String] = []
  /// Why some cannot be read; nil if all can.
  private(set) var obstacle: CannotCheck?

  init(of kernel: Kernel) throws(CannotCheck) {
    let structures = try kernel.structures
    // Where there is none, nothing is known of what the vendor built.
    let vendor = try? kernel.vendorImage
    try structures.now { (snapshot) throws(CannotCheck) in try read(snapshot, vendor) }
    guard kernel.isRunning else { return }
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
    try structures.now { (snapshot) throws(CannotCheck) in try read(snapshot, vendor) }
    wrong = told.filter { $0.inMemory == inMemory($0.name) }
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
