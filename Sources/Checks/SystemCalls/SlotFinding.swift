internal import KernelModel

/// Words for one system call that does not lead where it should: an entry of a table, or a way through a dispatcher.
struct SlotFinding {
  let kind: Finding.Kind
  let subject: Subject
  let entry: KernelAddress
  let fault: SlotJudge.Fault
  /// What the finding means on this kernel, in one sentence.
  let meaning: String
  let kernel: Kernel
  /// What the system call is called.
  let call: String
  /// The table's entry; nil where there is none.
  let place: KernelAddress?

  var finding: Finding {
    let owner = kernel.owner(of: entry)
    return Finding(
      kind: kind, severity: .critical, subject: subject, message: message, expected: expected,
      observed: observed, owner: owner, target: target, evidence: evidence(owner),
      effects: [.init(.redirectsSystemCall, call)],
      places: place.map { [MemoryRegion(start: $0, byteCount: 8)] } ?? [], meaning: meaning,
      innocentCauses: innocentCauses(owner))
  }

  private var message: String {
    switch fault {
    case .otherHandler(let actual, _, let numbers):
      "leads to the handler of another system call, \(actual)"
        + (numbers.isEmpty ? "" : ", which belongs to number \(numbers.map(String.init).joined(separator: ", "))")
    case .notAHandler(let place, _):
      "leads into the kernel's own code, but not to a system call handler: \(place)"
    case .astray(.module(let place), _):
      "leads into the module \(place.module ?? "?"): \(place)"
    case .astray(.kernelData(let place), _):
      "leads into the kernel's data: \(place)"
    case .astray(.generatedCode(let place), _):
      "leads into code that the kernel generated: \(place)"
    case .astray(.nobody(.mapped(let page)), _):
      "leads into mapped memory (\(page.permissions)) that no module owns and the kernel does not account for"
    case .astray(.nobody(.unmapped), _):
      "leads to unmapped memory"
    case .astray(.nobody(.unknown(let reason)), _):
      "leads into memory that no module owns; whether it is mapped is not known: \(reason)"
    case .astray(.kernelText(let place), _):
      "leads to \(place)"
    }
  }

  private var expected: Finding.Value {
    switch fault {
    case .otherHandler(_, let expected, _), .notAHandler(_, let expected), .astray(_, let expected): expected
    }
  }

  private var observed: Finding.Value {
    switch fault {
    case .otherHandler(let actual, _, _): "\(entry), \(actual)"
    case .notAHandler(let place, _): "\(entry), \(place)"
    case .astray(let owner, _): "\(entry, owner)"
    }
  }

  /// Where to look around: not in another handler, whose neighbourhood is the kernel's own code, nor where nothing is.
  private var target: KernelAddress? {
    switch fault {
    case .otherHandler, .astray(.nobody(.unmapped), _): nil
    case .notAHandler, .astray: entry
    }
  }

  /// Nil where the check's manual says it.
  private func innocentCauses(_ owner: Owner) -> [String]? {
    switch owner {
    case .nobody(.unmapped):
      [
        "a module replaced the entry and was unloaded without restoring it: the kernel will panic when the call is made"
      ]
    case .nobody: ["none known: code that is on no list has no benign reason to be called by the kernel"]
    case .kernelText where isOtherHandler: ["none known: no tool swaps handlers among themselves"]
    default: nil
    }
  }

  private var isOtherHandler: Bool {
    if case .otherHandler = fault { true } else { false }
  }

  private func evidence(_ owner: Owner) -> [Finding.Evidence] {
    switch owner {
    case .module(let place): moduleEvidence(place.module ?? "?")
    case .nobody: neighbourEvidence
    case .kernelText, .kernelData, .generatedCode: []
    }
  }

  /// All that the kernel's lists and the module's file say of it.
  private func moduleEvidence(_ name: String) -> [Finding.Evidence] {
    var evidence = [Finding.Evidence("module", .text(name))]
    if case .success(let modules) = kernel.claims.loadedModules, let claim = modules.first(where: { $0.name == name }) {
      evidence.append(.init("claimed size", "\(claim.byteCount) bytes"))
      evidence.append(.init("state", .text(claim.state)))
      evidence.append(.init("taints", .text(claim.taints.isEmpty ? "none" : claim.taints)))
      evidence += claim.disagreements.map { .init("disagreement", .text($0)) }
    }
    do throws(Withheld) {
      let file = try kernel.reference.moduleFile(named: name)
      evidence.append(.init("file", .text(file.path)))
      evidence.append(.init("signed", file.isSigned ? "yes" : "no"))
      evidence.append(.init("says it is in-tree", file.claimsInTree ? "yes" : "no"))
      // A value that libkmod could not decode (a signer, without OpenSSL) is empty.
      evidence += file.info.filter { !$0.value.isEmpty }.map { .init($0.key, .text($0.value)) }
    } catch {
      evidence.append(.init("file", "not found: \(error.description)"))
    }
    return evidence
  }

  /// The nearest things that do have a name.
  private var neighbourEvidence: [Finding.Evidence] {
    var evidence: [Finding.Evidence] = []
    if let below = kernel.symbols.nearest(atOrBelow: entry), let distance = entry.offset(from: below.address) {
      evidence.append(.init("nearest symbol below", "\(below), \(distance.hexadecimal) bytes below"))
    }
    if let above = kernel.symbols.next(above: entry), let distance = above.address.offset(from: entry) {
      evidence.append(.init("nearest symbol above", "\(above), \(distance.hexadecimal) bytes above"))
    }
    return evidence
  }
}
