import Files
import Glibc
import KernelFormats
import KernelModel

/// Whether the smaller sources can be had: what the kernel claims in `/proc` and `/sys`, and what the vendor left on disk.
struct SurroundingsPreflight {
  let root: SystemRoot
  let names: KernelNames
  let confinement: Confinement
  /// Whether the kernel's own symbols say that it was built without loadable modules.
  var lacksModuleLoader = false

  private static let withoutModules = "this kernel is built without loadable modules"

  /// We run only on such processors, so any other answer of `uname` on the live system is a personality.
  var architecture: Preflight.State {
    switch names.machine {
    case Machine.machine, "": .available(Machine.machine)
    case let machine where root.isLive:
      .available("\(Machine.machine), though uname says \(machine) (see setarch)")
    case let machine:
      .absent(
        Withheld(
          "architecture", why: "\(machine) is not supported",
          remedy: "only \(Machine.machine) kernels can be scanned"))
    }
  }

  var procfs: Preflight.State {
    let mount = Withheld("/proc", why: "it is not mounted", remedy: "mount -t proc proc /proc")
    guard root.exists("proc") else { return .absent(mount) }
    guard root.isLive else { return .available(root.path("proc")) }
    // The root of every procfs has inode 1 (PROC_ROOT_INO, include/linux/proc_ns.h, v6.12).
    var status = stat()
    guard stat("/proc", &status) == 0, status.st_ino == 1, root.exists("proc/self/stat") else { return .absent(mount) }
    return .available("mounted")
  }

  var modules: Preflight.State {
    let what = "/proc/modules"
    let list: [ModuleClaim]
    do throws(FileFault) {
      let text = try root.bytes(of: "proc/modules", limit: 16 << 20)
      do throws(ProcModulesError) {
        list = try ProcModules.decode(text.span)
      } catch {
        return .withheld(
          Withheld(what, why: "it cannot be parsed: \(error)", remedy: "find out what is mounted over it"))
      }
    } catch {
      guard error.isAbsence else { return .withheld(Withheld(what, why: error.why, remedy: "run as root")) }
      guard !lacksModuleLoader else { return .available(Self.withoutModules) }
      return .absent(
        Withheld(
          what, why: "not available in this kernel",
          remedy: "a kernel built without CONFIG_MODULES has no modules to list: then nothing is missing"))
    }
    guard !list.isEmpty else { return .available("no module is loaded") }
    guard list.contains(where: { $0.base != nil }) else {
      return .withheld(
        Withheld(
          what, why: "it lists \(list.count) modules, every address zero",
          remedy: "run as root, with kernel.kptr_restrict below 2"))
    }
    return .available("\(list.count) modules")
  }

  var sysfsModules: Preflight.State {
    guard root.exists("sys/module") else {
      return .absent(
        Withheld(
          "/sys/module", why: root.exists("sys/kernel") ? "it is missing" : "/sys is not mounted",
          remedy: root.exists("sys/kernel") ? "find out what is mounted over /sys" : "mount -t sysfs sysfs /sys"))
    }
    return .available("present")
  }

  var notes: Preflight.State {
    switch LiveIdentity.claimedBuildID(root) {
    case .success(let id): .available("build id \(id)")
    case .failure(let withheld):
      root.exists("sys/kernel/notes") ? .withheld(withheld) : .absent(withheld)
    }
  }

  var host: Preflight.State {
    guard !confinement.signsOfContainer.isEmpty else { return .available("not in a container") }
    return .withheld(
      Withheld(
        "the host's own view", why: "in a container: \(confinement.signsOfContainer.joined(separator: ", "))",
        remedy: "run on the host itself: the files and processes seen here are the container's"))
  }

  /// The kernel's own, by which its structures are read: for BPF it is shown here.
  ///
  /// Source: kernel/bpf/sysfs_btf.c (Linux v5.4 to v7.2).
  var types: Preflight.State {
    let what = "type information"
    guard root.exists("sys/kernel") else {
      return .absent(Withheld(what, why: "/sys is not mounted", remedy: "mount -t sysfs sysfs /sys"))
    }
    guard !root.exists("sys/kernel/btf/vmlinux") else { return .available("/sys/kernel/btf/vmlinux") }
    return .absent(
      Withheld(
        what, why: "this kernel was built without it (CONFIG_DEBUG_INFO_BTF)",
        remedy: "give the vmlinux of this build with its debugging information (DWARF), or the package that has it, "
          + "with --reference when you scan; without it, most checks that read kernel structures are unknown"))
  }

  func vendorImage(_ otherImage: (String) -> String?) -> Preflight.State {
    let release = names.release
    let places = VendorImagePaths.candidates(release: release)
    guard let found = places.first(where: root.exists).map(root.path) ?? otherImage(release) else {
      return .absent(
        Withheld(
          "the vendor's kernel image",
          why: places.isEmpty
            ? "the kernel's release is not known"
            : "not found at \(places.map(root.path).joined(separator: ", ")), nor under another name",
          remedy:
            "install the kernel package for \(release), or give an image with --reference when you scan; without one, "
            + "the kernel's code cannot be verified, and the scan is UNKNOWN"))
    }
    guard access(found, R_OK) == 0 else {
      return .withheld(
        Withheld(
          "the vendor's kernel image", why: "\(found) could not be read: \(SystemError.latest)",
          remedy: "run as root"))
    }
    return .available(found)
  }

  var moduleIndex: Preflight.State {
    let what = "libkmod's index"
    let place = "lib/modules/\(names.release)"
    guard !lacksModuleLoader || root.exists("proc/modules") else { return .available(Self.withoutModules) }
    guard let folder = ModuleFiles.folder(root, release: names.release) else {
      return .absent(
        Withheld(
          what, why: "no folder \(root.path(place))",
          remedy: "install the kernel package for \(names.release); without it the files of modules cannot be compared")
      )
    }
    guard root.exists("\(folder)/modules.dep.bin") else {
      return .absent(
        Withheld(what, why: "\(root.path(folder)) has no modules.dep.bin", remedy: "run depmod -a \(names.release)"))
    }
    return .available(root.path(folder))
  }
}
