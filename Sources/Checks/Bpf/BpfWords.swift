internal import KernelModel
internal import KernelObjects

extension BpfProgram {
  /// `hide_files (number 12)`.
  var words: String { "\(name.isEmpty ? "without a name" : name) (number \(id))" }
  /// What survives a reboot.
  var subject: String { name.isEmpty ? "BPF program without a name" : "BPF program \(name)" }
}

extension BpfProgram.Power {
  /// After "it can".
  var words: String {
    switch self {
    case .writeUserMemory: "write into the memory of the process that is at that place"
    case .overrideReturn, .modifyReturn: "decide what the function answers"
    case .sendSignal: "send signals to the process that is at that place"
    }
  }
}

extension BpfHolders.Holder {
  /// `process 812 (agent), /usr/bin/agent`.
  var words: String {
    let file = executable.map { ", \($0.path)\($0.isDeleted ? " (deleted)" : "")" } ?? ""
    return "process \(pid) (\(name))\(file)"
  }
}

extension BpfAttachment {
  /// `kprobe at vfs_read`.
  func words(in kernel: Kernel) -> String { "\(means) at \(place.words(in: kernel))" }
}

extension BpfAttachment.Place {
  private static let mostNamed = 4

  /// As a person would say it.
  func words(in kernel: Kernel) -> String {
    switch self {
    case .function(let address): Self.name(of: address, in: kernel)
    case .functions(let addresses):
      addresses.prefix(Self.mostNamed).map { Self.name(of: $0, in: kernel) }.joined(separator: ", ")
        + (addresses.count > Self.mostNamed ? " and \(addresses.count - Self.mostNamed) others" : "")
    case .event(let system, let name): system.isEmpty ? name : "\(system):\(name)"
    case .tracepoint(let name): name
    case .userCode(let file, let offset): "\(file)+0x\(String(offset, radix: 16))"
    case .device(let name): "device \(name)"
    case .cgroup(let path): "control group \(path)"
    case .other(let words): words
    }
  }

  private static func name(of address: UInt64, in kernel: Kernel) -> String {
    guard let place = kernel.owner(of: KernelAddress(address)).place else { return "\(KernelAddress(address))" }
    return place.symbol + (place.module.map { " [\($0)]" } ?? "")
  }
}
