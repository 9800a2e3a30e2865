import Files
package import KernelModel

extension X86_64: ProbedArchitecture {
  /// Reads where each CPU enters the kernel, from `/dev/cpu/N/msr`, if the `msr` driver is already there.
  ///
  /// The driver is never asked for: loading a module would change the host.
  package static func entryPoints(_ root: SystemRoot) -> Result<[EntryPoints], Withheld> {
    ProcessorRegisters.read(root)
  }
}

private enum ProcessorRegisters {
  private static let what = "the CPUs' entry points"
  /// Source: include/uapi/linux/major.h, MSR_MAJOR (Linux v6.12).
  private static let deviceMajor: UInt32 = 202
  /// CPUs looked at, at most: the kernel's own limit.
  ///
  /// Source: arch/x86/Kconfig, NR_CPUS_RANGE_END (Linux v6.12).
  private static let mostCPUs = 8192

  /// What the registers of every CPU say.
  static func read(_ root: SystemRoot) -> Result<[X86_64.EntryPoints], Withheld> {
    do throws(FileFault) {
      let folder = try Folder(root.path("dev/cpu"))
      // The folder holds `microcode` as well.
      let numbers = try folder.names(limit: mostCPUs + 16).compactMap { Int($0) }.filter { $0 >= 0 }.sorted()
      var found: [X86_64.EntryPoints] = []
      for number in numbers.prefix(mostCPUs) { found.append(try entryPoints(of: number, root)) }
      guard !found.isEmpty else { return .failure(Withheld(what, why: "/dev/cpu holds no CPU")) }
      return .success(found)
    } catch {
      guard !error.isAbsence else {
        return .failure(
          Withheld(
            what, why: "there is no \(error.path): the msr driver is not loaded, and liveprobe loads nothing"))
      }
      return .failure(Withheld(what, why: error.description))
    }
  }

  /// Source of the numbers: arch/x86/include/asm/msr-index.h (Linux v6.12).
  private static func entryPoints(of cpu: Int, _ root: SystemRoot) throws(FileFault) -> X86_64.EntryPoints {
    let device = try OpenedFile(root.path("dev/cpu/\(cpu)/msr"), deviceMajor: deviceMajor)
    return X86_64.EntryPoints(
      cpu: cpu, syscall: KernelAddress(try register(0xc000_0082, of: device)),
      compatibilitySyscall: KernelAddress(try register(0xc000_0083, of: device)),
      sysenter: KernelAddress(try register(0x176, of: device)), fredConfiguration: fredConfiguration(of: device))
  }

  private static func register(_ number: UInt64, of device: OpenedFile) throws(FileFault) -> UInt64 {
    // The driver takes the file's position for the register's number.
    UInt64(littleEndianBytes: try device.bytes(at: number, count: 8))
  }

  private static func fredConfiguration(of device: OpenedFile) -> UInt64? {
    do throws(FileFault) {
      return try register(0x1d4, of: device)
    } catch {
      return nil  // a CPU without FRED has no such register: the driver answers EIO
    }
  }
}
