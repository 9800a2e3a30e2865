internal import Glibc
internal import KernelModel

extension UTCTime {
  /// The time by this host's clock; nil if that is set to a year that cannot be written.
  static func now() -> UTCTime? { UTCTime(secondsSince1970: time(nil)) }
}
