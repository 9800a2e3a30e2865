import Ckmod
import Files
import Glibc

/// The loaded modules as libkmod tells of them: names from `/proc/modules`, the rest from `/sys/module`.
///
/// libkmod always asks the running system, so this exists only for a live ``SystemRoot``. The number of users of a
/// module is not taken: it changes from one moment to the next and nothing follows from it.
struct LibkmodModules {
  struct Module: Hashable {
    var name: String
    /// Bytes of the module's core memory, or nil if libkmod could not tell.
    var byteCount: UInt64?
    /// In the words of `/proc/modules`, or `built in`; nil if libkmod could not tell.
    var state: String?
  }

  /// All modules that libkmod lists, or the error number of its refusal.
  static func read() -> Result<[String: Module], LibkmodRefusal> {
    guard let context = LibkmodContext(modulesFolder: nil) else {
      return .failure(LibkmodRefusal.failed(call: "kmod_new", errorNumber: errno))
    }
    return context.loaded()
  }
}

/// Why libkmod gave no answer.
enum LibkmodRefusal: Error, Hashable {
  /// A call of it failed.
  case failed(call: String, errorNumber: Int32)
  /// The index names no file for the module.
  case notInIndex

  var why: String {
    switch self {
    case .failed(let call, let errorNumber): "libkmod: \(call) failed: \(SystemError(errorNumber))"
    case .notInIndex: "libkmod: the index does not name the module"
    }
  }
}

/// A libkmod context, released when the value goes.
///
/// No file of `/etc/modprobe.d` is read: an empty list of configuration folders is given. libkmod's own messages to the
/// standard error are off: what fails is returned.
struct LibkmodContext: ~Copyable {
  private let context: OpaquePointer

  /// - Parameter modulesFolder: the `lib/modules/RELEASE` to look up files in; nil for the running kernel's.
  init?(modulesFolder: String?) {
    let noConfiguration: [UnsafePointer<CChar>?] = [nil]
    guard let context = noConfiguration.withUnsafeBufferPointer({ kmod_new(modulesFolder, $0.baseAddress) }) else {
      return nil
    }
    kmod_set_log_priority(context, -1)
    self.context = context
  }

  deinit {
    kmod_unref(context)
  }

  func loaded() -> Result<[String: LibkmodModules.Module], LibkmodRefusal> {
    var list: OpaquePointer?
    let status = kmod_module_new_from_loaded(context, &list)
    guard status >= 0 else {
      return .failure(LibkmodRefusal.failed(call: "kmod_module_new_from_loaded", errorNumber: -status))
    }
    defer { kmod_module_unref_list(list) }
    var modules: [String: LibkmodModules.Module] = [:]
    var entry = list
    while let current = entry {
      if let module = kmod_module_get_module(current) {
        if let name = kmod_module_get_name(module).map({ String(cString: $0) }) {
          modules[name] = LibkmodModules.Module(
            name: name, byteCount: UInt64(exactly: kmod_module_get_size(module)).flatMap { $0 == 0 ? nil : $0 },
            state: Self.word(forState: kmod_module_get_initstate(module)))
        }
        kmod_module_unref(module)
      }
      entry = kmod_list_next(list, current)
    }
    return .success(modules)
  }

  /// The path of the file of the module called `name`, as the index says.
  func path(ofModule name: String) -> Result<String, LibkmodRefusal> {
    var found: OpaquePointer?
    let status = kmod_module_new_from_name(context, name, &found)
    guard status >= 0, let module = found else {
      return .failure(LibkmodRefusal.failed(call: "kmod_module_new_from_name", errorNumber: -status))
    }
    defer { kmod_module_unref(module) }
    guard let path = kmod_module_get_path(module).map({ String(cString: $0) }) else {
      return .failure(LibkmodRefusal.notInIndex)
    }
    return .success(path)
  }

  /// The path and the modinfo entries of the module called `name`, as the index and the file say.
  func file(named name: String) -> Result<(path: String, info: [(key: String, value: String)]), LibkmodRefusal> {
    var found: OpaquePointer?
    let status = kmod_module_new_from_name(context, name, &found)
    guard status >= 0, let module = found else {
      return .failure(LibkmodRefusal.failed(call: "kmod_module_new_from_name", errorNumber: -status))
    }
    defer { kmod_module_unref(module) }
    guard let path = kmod_module_get_path(module).map({ String(cString: $0) }) else {
      return .failure(LibkmodRefusal.notInIndex)
    }
    var list: OpaquePointer?
    let infoStatus = kmod_module_get_info(module, &list)
    guard infoStatus >= 0 else {
      return .failure(LibkmodRefusal.failed(call: "kmod_module_get_info of \(path)", errorNumber: -infoStatus))
    }
    defer { kmod_module_info_free_list(list) }
    var info: [(key: String, value: String)] = []
    var entry = list
    while let current = entry {
      if let key = kmod_module_info_get_key(current), let value = kmod_module_info_get_value(current) {
        info.append((String(cString: key), String(cString: value)))
      }
      entry = kmod_list_next(list, current)
    }
    return .success((path, info))
  }

  private static func word(forState state: Int32) -> String? {
    switch kmod_module_initstate(rawValue: UInt32(bitPattern: state)) {
    case KMOD_MODULE_BUILTIN: "built in"
    case KMOD_MODULE_LIVE: "Live"
    case KMOD_MODULE_COMING: "Loading"
    case KMOD_MODULE_GOING: "Unloading"
    default: nil
    }
  }
}
