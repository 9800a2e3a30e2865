internal import Glibc

/// Which of the vendor's files are read before they are asked for, and on how many processors.
struct FilesAhead {
  /// The kernel image.
  var image = false
  /// The files of all loaded modules.
  var modules = false
  /// Processors to use at most.
  ///
  /// With one, the image is read first, and nothing else ahead.
  var processors = 1

  /// More would only take memory.
  static let processorNumbers = 1...4

  static let none = FilesAhead()
  /// For those who ask for the image and for little else.
  static let imageOnly = FilesAhead(image: true)

  /// Two, or one where there are no more: what is read ahead is used by one, which works as long as it.
  static var usualProcessors: Int { min(2, max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))) }
}
