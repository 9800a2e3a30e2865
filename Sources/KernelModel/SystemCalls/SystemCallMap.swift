/// Where every system call number of one interface really goes in a running kernel: crash's `sys -c`, but true.
package struct SystemCallMap: Hashable, Sendable {
  /// One number.
  package struct Row: Hashable, Sendable {
    package var number: Int
    /// As user space knows it: `read`; nil for a number that is not assigned.
    package var name: String?
    /// Where the code leads: one function, unless it decides by something else than the number, too; none if it refuses
    /// the number.
    package var handlers: [Handler]
    /// Why the code could not be followed to its end; nil if it could.
    package var unknown: CannotCheck?

    package init(number: Int, name: String?, handlers: [Handler], unknown: CannotCheck? = nil) {
      self.number = number
      self.name = name
      self.handlers = handlers
      self.unknown = unknown
    }
  }

  package struct Handler: Hashable, Sendable {
    package var address: KernelAddress
    /// The symbol that begins there, or nil.
    package var name: String?
    package var owner: Owner
    /// The function that called it, or the table it was read from.
    package var via: String
    /// Code that is called where it runs, besides it or in its place; the worst first.
    package var called: [CalledCode]

    package init(address: KernelAddress, name: String?, owner: Owner, via: String, called: [CalledCode] = []) {
      self.address = address
      self.name = name
      self.owner = owner
      self.via = via
      self.called = called
    }

    /// How bad it is what is called there; nil if nothing is wrong with it.
    package var severity: Finding.Severity? { called.compactMap(\.severity).max() }

    /// Whether it lies in the kernel's own code.
    package var isKernelText: Bool {
      if case .kernelText = owner { true } else { false }
    }
  }

  /// A function between the processor's entry point and the handlers, in which other code is called.
  package struct PassedFunction: Hashable, Sendable {
    package var name: String
    package var called: CalledCode

    package init(name: String, called: CalledCode) {
      self.name = name
      self.called = called
    }
  }

  package var interface: Machine.SystemCallInterface
  /// The function from which the code was followed.
  package var start: String
  package var rows: [Row]
  /// Code that is called in the functions that all numbers pass.
  package var calledOnTheWay: [PassedFunction]
  /// Why it is not known who is called where functions run; nil if it is.
  package var calledUnknown: CannotCheck?

  package init(
    interface: Machine.SystemCallInterface, start: String, rows: [Row], calledOnTheWay: [PassedFunction] = [],
    calledUnknown: CannotCheck? = nil
  ) {
    self.interface = interface
    self.start = start
    self.rows = rows
    self.calledOnTheWay = calledOnTheWay
    self.calledUnknown = calledUnknown
  }
}
