/// Where every system call number of one interface really goes in a running kernel: crash's `sys -c`, but true.
package struct SystemCallMap: Hashable, Sendable {
  /// The interfaces, by the names that user space gives them.
  package enum Interface: String, CaseIterable, Hashable, Sendable {
    case x86_64 = "64"
    case x32
    case ia32
  }

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

    package init(address: KernelAddress, name: String?, owner: Owner, via: String) {
      self.address = address
      self.name = name
      self.owner = owner
      self.via = via
    }

    /// Whether it lies in the kernel's own code.
    package var isKernelText: Bool {
      if case .kernelText = owner { true } else { false }
    }
  }

  package var interface: Interface
  /// The function from which the code was followed.
  package var start: String
  package var rows: [Row]

  package init(interface: Interface, start: String, rows: [Row]) {
    self.interface = interface
    self.start = start
    self.rows = rows
  }
}
