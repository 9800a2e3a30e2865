import Lab

/// Memory that is mapped otherwise than it should be.
extension Scenario {
  static let unprotectedMemory: [Scenario] = [
    Scenario(name: "a page of read-only data made writable") { guest in
      try tampering(with: guest) { tampering in
        try tampering.makeWritable(guest.symbol("linux_banner"))
        return .tampered("executable-memory", "text or constants are writable")
      }
    },

    Scenario(name: "a page of a module's code made writable") { guest in
      _ = try guest.output(of: "modprobe dummy")
      return try tampering(with: guest) { tampering in
        try tampering.makeWritable(guest.symbol("dummy_xmit"))
        return .tampered("executable-memory", "writable and executable at once")
      }
    },
  ]
}
