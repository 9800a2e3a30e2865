package import Foundation

/// What a guest is started with.
package struct GuestOptions: Sendable {
  /// Added to the kernel's command line, for example `lockdown=confidentiality`.
  package var kernelArguments: [String]
  package var processors: Int
  /// What QEMU calls the processor (`qemu-system-x86_64 -cpu help`), with features added or taken away:
  /// `Skylake-Server`, `EPYC`.
  package var processorModel: String
  /// The size of memory in MiB.
  ///
  /// Below 3 GiB a physical address is an offset in the memory file.
  package var memory: Int
  /// After this many seconds the guest is ended, whatever it does.
  package var lifetime: Int
  /// The longest that booting may take, in seconds.
  package var bootTimeout: Double
  /// Whether the guest's clock counts instructions, a nanosecond each, instead of time.
  ///
  /// Then what a program takes does not depend on how busy this machine is, nor on what it costs to translate code that
  /// runs only once.
  package var countsInstructions: Bool
  /// Whether QEMU takes VMCOREINFO from the guest, to put it into dumps that QEMU makes: the guest's module
  /// `qemu_fw_cfg` hands it over (docs/specs/vmcoreinfo.txt of QEMU 7.2).
  package var takesVMCoreInfo = false
  /// Whether the guest has what loads a kernel for dumps, and that kernel's file system (`Tests/Lab/build-kdump`).
  package var hasKdump = false
  /// Whether the guest has every module of its kernel that the lab keeps, not only those of the scenarios.
  package var hasEveryModule = false
  /// A raw disk, `/dev/vda`, that keeps what is written to it.
  package var keptDisk: URL?
  /// Where the console is written to, if it is to outlive the guest.
  package var console: URL?
  /// Files of this machine that a guest with a disk of its own has, by their paths there.
  package var files: [String: URL] = [:]

  package init(
    kernelArguments: [String] = [], processors: Int = 1, processorModel: String = "max", memory: Int = 1024,
    lifetime: Int = 1800, bootTimeout: Double = 120, countsInstructions: Bool = false
  ) {
    self.kernelArguments = kernelArguments
    self.processors = processors
    self.processorModel = processorModel
    self.memory = memory
    self.lifetime = lifetime
    self.bootTimeout = bootTimeout
    self.countsInstructions = countsInstructions
  }
}
