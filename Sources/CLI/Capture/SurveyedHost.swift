internal import Audit
internal import Capture
internal import KernelModel
internal import Postmortem

/// A host whose memory is being captured: as soon as its kernel is acquired, what a capture has of it whatever the checks
/// read is kept, in one go, so that as little as possible changes meanwhile.
final class SurveyedHost: KernelSource {
  private(set) var host: DumpedHost
  private let memory: RecordingDump
  private let others: PageSet
  /// Of the latest acquisition.
  private(set) var survey: KernelSurvey?

  /// - Parameters:
  ///   - memory: what `host` shows.
  ///   - others: pages that the checks will ask for, as far as that is known.
  init(_ host: DumpedHost, of memory: RecordingDump, others: PageSet) {
    self.host = host
    self.memory = memory
    self.others = others
  }

  var nodeName: String? { host.nodeName }
  var remarks: [String] { host.remarks }
  var bytesRead: UInt64 { host.bytesRead }
  var symbolCount: Int { host.symbolCount }

  func acquire(progress: (String) -> Void) throws(AcquisitionFailure) -> Kernel {
    let kernel = try host.acquire(progress: progress)
    progress("reading the kernel's memory")
    let survey = KernelSurvey(of: kernel)
    var pages = survey.pages
    pages.formUnion(others)
    memory.keep(pages)
    self.survey = survey
    return kernel
  }
}
