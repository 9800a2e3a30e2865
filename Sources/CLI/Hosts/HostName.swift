internal import Glibc

/// The name the kernel has for this host; no name service is asked.
enum HostName {
  static func current() -> String {
    var name = [CChar](repeating: 0, count: 65)  // HOST_NAME_MAX and the end
    guard gethostname(&name, name.count - 1) == 0 else { return "" }
    return String(decoding: name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }
}
