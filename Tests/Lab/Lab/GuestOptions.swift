/// What a guest is started with.
package struct GuestOptions: Sendable {
  /// Added to the kernel's command line, for example `lockdown=confidentiality`.
  package var kernelArguments: [String]
  package var processors: Int
  /// The size of memory in MiB.
  ///
  /// Below 3 GiB a physical address is an offset in the memory file.
  package var memory: Int
  /// After this many seconds the guest is ended, whatever it does.
  package var lifetime: Int
  /// The longest that booting may take, in seconds.
  package var bootTimeout: Double

  package init(
    kernelArguments: [String] = [], processors: Int = 1, memory: Int = 1024, lifetime: Int = 1800,
    bootTimeout: Double = 120
  ) {
    self.kernelArguments = kernelArguments
    self.processors = processors
    self.memory = memory
    self.lifetime = lifetime
    self.bootTimeout = bootTimeout
  }
}
