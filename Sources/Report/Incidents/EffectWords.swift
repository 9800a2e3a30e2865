internal import KernelModel

extension Finding.Effect.Verb {
  /// What stands before and behind the names of what it is done to.
  struct Phrase {
    var before: PlainText = ""
    /// Before several names, if that is other words.
    var beforeMany: PlainText?
    var after: PlainText = ""
  }

  var phrase: Phrase {
    switch self {
    case .redirectsSystemCall: Phrase(before: "system call ", beforeMany: "system calls ", after: " redirected")
    case .hidesModule: Phrase(before: "hidden from ")
    case .hides: Phrase(after: " hidden")
    case .falsifies: Phrase(after: " falsified")
    case .redirects: Phrase(after: " redirected")
    case .callsUnownedCode: Phrase(before: "called through ")
    case .intercepts: Phrase(before: "calls of ", after: " intercepted")
    case .alters: Phrase(after: " altered")
    case .runsUnownedCode: Phrase(before: "unowned executable memory: ")
    case .loadsModule: Phrase(before: "loaded with nothing to vouch for it: ")
    case .grantsRights: Phrase(before: "rights given to ")
    case .disguises: Phrase(before: "disguised as a kernel thread: ")
    case .trustsKey: Phrase(before: "trusted as built in: ")
    case .startsProgram: Phrase(before: "started by the kernel: ")
    case .unprotects: Phrase(before: "memory protection off at ")
    case .replacesFile: Phrase(after: " replaced on disk")
    }
  }

  /// What it means, for the table of techniques.
  var meaning: PlainText {
    switch self {
    case .redirectsSystemCall: "calls of a system call run other code"
    case .hidesModule: "a module is missing from a view of the modules"
    case .hides: "a process, a socket, a BPF program or a probe is missing from a view"
    case .falsifies: "a source of information contradicts memory"
    case .redirects: "a function, a pointer or a table leads to other code"
    case .callsUnownedCode: "the kernel calls code that was registered and is unowned"
    case .intercepts: "calls of a function are seen by other code, which may change them"
    case .alters: "code or constants differ from the vendor's"
    case .runsUnownedCode: "unowned executable memory"
    case .loadsModule: "a module that no package and no key vouches for"
    case .grantsRights: "credentials that no system call gave"
    case .disguises: "a program that looks like a kernel thread"
    case .trustsKey: "a trusted key that the vendor did not build in"
    case .startsProgram: "a program that the kernel starts and nothing vouches for"
    case .unprotects: "kernel memory that is writable and must not be"
    case .replacesFile: "a file that differs from what its package installed"
    }
  }
}

/// How much of an incident a sentence names.
struct IncidentLimits {
  /// Characters of one name.
  var name: Int
  /// Names after one verb.
  var objects: Int
  /// Verbs.
  var clauses: Int

  /// Of a paragraph.
  static let whole = IncidentLimits(name: 80, objects: 8, clauses: Finding.Effect.Verb.allCases.count)
  /// Of a line.
  static let headline = IncidentLimits(name: 64, objects: 4, clauses: 3)
  /// Of a line among others, for what shows no more than a line of all.
  static let short = IncidentLimits(name: 40, objects: 4, clauses: 2)
}
