extension Finding {
  /// What a change does: one verb, and what it does that to.
  ///
  /// Reports say what happened by these, and name the techniques of ``Technique`` by them.
  package struct Effect: Hashable, Sendable {
    package var verb: Verb
    /// A name, in words that stand in a list: `kill`, `process 812 (sshd)`.
    package var object: String

    package init(_ verb: Verb, _ object: String) {
      self.verb = verb
      self.object = object
    }

    /// The verbs, in the order in which reports say them; the words are JSON's.
    package enum Verb: String, Hashable, Sendable, CaseIterable {
      /// Calls of a system call run other code than its handler.
      case redirectsSystemCall = "redirects-system-call"
      /// A module is left out of a list that has all others.
      case hidesModule = "hides-module"
      /// Something else is left out: a process, a socket, a BPF program, a probe.
      case hides
      /// A source of information tells something else than memory holds.
      case falsifies
      /// A function, a pointer or a table leads to other code.
      case redirects
      /// The kernel calls code that was registered with it, and that is neither its own nor a listed module's.
      case callsUnownedCode = "calls-unowned-code"
      /// Calls of a function are seen by other code, which may change what they are asked and what they answer.
      case intercepts
      /// Code or constants are not the vendor's.
      case alters
      /// Memory that nothing accounts for may be executed.
      case runsUnownedCode = "runs-unowned-code"
      /// A module is loaded that nothing vouches for.
      case loadsModule = "loads-module"
      /// A process has rights that it did not get by a system call.
      case grantsRights = "grants-rights"
      /// A program looks like a thread of the kernel.
      case disguises
      /// The kernel trusts a key that the vendor did not build in.
      case trustsKey = "trusts-key"
      /// The kernel starts a program of somebody's.
      case startsProgram = "starts-program"
      /// A protection of memory is off.
      case unprotects
      /// A file is not as it was installed.
      case replacesFile = "replaces-file"
    }
  }

  /// By what a finding is known, which is how sure it is.
  package enum Proof: String, Hashable, Sendable, CaseIterable {
    /// What is in memory was compared with what the vendor or the kernel's records say: see ``Expectation/Rung``.
    case comparison
    /// One view of the kernel has what another leaves out.
    case crossView = "cross-view"
    /// No structure of the kernel accounts for the code.
    case ownership
    /// What every system call of the kernel keeps does not hold.
    case invariant
    /// No package and no key vouches for it.
    case provenance
    /// The same memory reads differently on different ways.
    case readingPath = "reading-path"
  }
}
