internal import KernelModel
internal import KernelObjects

/// Whether a package brought the executable of a process that holds a BPF program.
enum LoaderVouching: Hashable {
  /// The package, and the file.
  case recorded(String, file: String)
  case nobody(String)

  init(for holders: [BpfHolders.Holder], in kernel: Kernel) {
    var reason = holders.isEmpty ? "no process holds it any more" : "what holds it has no file"
    for executable in holders.compactMap(\.executable) {
      if executable.isDeleted {
        reason = "the file that holds it was deleted"
      } else if executable.isInOtherMounts {
        reason = "what holds it sees other mounts, as in a container: this host's records do not say whose file it is"
      } else if !kernel.isRunning {
        reason = "the records of the host are not at hand"
      } else {
        switch kernel.reference.provenance(of: executable.path) {
        case .recorded(let record):
          self = .recorded(record.package, file: executable.path)
          return
        case .altered(let record, _): reason = "its file is not as package \(record.package) brought it"
        case .unvouched(let why): reason = "nothing vouches for its file: \(why)"
        case .brought, .built: reason = "no package brought its file"
        }
      }
    }
    self = .nobody(reason)
  }

  var words: String {
    switch self {
    case .recorded(let package, _): "its file is package \(package)'s"
    case .nobody(let reason): reason
    }
  }
}
