/// Whose memory an address is in.
package enum Owner: Hashable, Sendable {
  /// Code of the kernel image, `_stext` up to `_etext`.
  case kernelText(Place)
  /// The rest of the kernel image.
  case kernelData(Place)
  /// A loaded module that the kernel lists.
  case module(Place)
  /// Code the kernel generated and accounts for: BPF programs, ftrace trampolines, kprobe slots.
  case generatedCode(Place)
  /// Memory that nothing visible accounts for.
  case nobody(Mapping)
}

/// A name and an offset: where something is, in words that survive a reboot, as an address does not.
package struct Place: Hashable, Sendable {
  package var symbol: String
  /// Bytes past the symbol.
  package var offset: UInt64
  /// The module, or the pseudo-module of generated code (`bpf`, `__builtin__ftrace`), that the symbol belongs to.
  package var module: String?

  package init(symbol: String, offset: UInt64 = 0, module: String? = nil) {
    self.symbol = symbol
    self.offset = offset
    self.module = module
  }
}

extension Place: CustomStringConvertible {
  /// The place as the kernel's own messages write it: `vfs_read+0x10`, `hack_read+0x0 [hooked]`.
  package var description: String {
    "\(symbol)+\(offset.hexadecimal)" + (module.map { " [\($0)]" } ?? "")
  }
}

extension Owner {
  /// The one word that reports and JSON use.
  package var kind: String {
    switch self {
    case .kernelText: "kernel-text"
    case .kernelData: "kernel-data"
    case .module: "module"
    case .generatedCode: "generated-code"
    case .nobody(.mapped): "nobody"
    case .nobody(.unmapped): "unmapped"
    case .nobody(.unknown): "nobody-mapping-unknown"
    }
  }

  package var place: Place? {
    switch self {
    case .kernelText(let place), .kernelData(let place), .module(let place), .generatedCode(let place): place
    case .nobody: nil
    }
  }
}

extension Owner: CustomStringConvertible {
  package var description: String {
    switch self {
    case .kernelText(let place): "kernel text, \(place)"
    case .kernelData(let place): "kernel data, \(place)"
    case .module(let place): "module \(place.module ?? "?"), \(place)"
    case .generatedCode(let place): "code the kernel generated, \(place)"
    case .nobody(.mapped(let page)): "unowned memory (\(page.permissions))"
    case .nobody(.unmapped): "unmapped memory"
    case .nobody(.unknown(let reason)): "unowned memory (whether it is mapped is unknown: \(reason))"
    }
  }
}
