internal import ArgumentParser
internal import Audit
internal import Checks
internal import KernelModel
internal import Report

/// `liveprobe scan --explain-bytes`: one place's reasoning instead of a scan.
struct ExplainBytes {
  let query: SiteQuery
  let theme: Theme

  /// Explains the place on standard output, and ends the program: status 0 if memory holds what it should, 2 if not, 3
  /// if that cannot be told.
  func run(on host: inout any KernelSource, _ progress: Progress) -> Never {
    let report = SiteReport(theme: theme)
    do throws(AcquisitionFailure) {
      let kernel = try host.acquire(progress: progress.report)
      progress.report("recreating the kernel's code")
      let (text, status) = explain(in: kernel, report)
      progress.finish()
      finish(text, status)
    } catch {
      progress.finish()
      finish(report.render(query.description, obstacles: error.obstacles), Status.unknown.rawValue)
    }
  }

  private func explain(in kernel: Kernel, _ report: SiteReport) -> (text: String, status: Int32) {
    let address: KernelAddress
    do throws(SiteQuery.Unresolved) {
      address = try query.address(in: kernel)
    } catch {
      return (report.render(query.description, cannot: error.description), Status.unknown.rawValue)
    }
    do throws(CannotCheck) {
      let explanation = try SiteExplanation(of: address, in: kernel)
      return (report.render(explanation, kernel.identity), SiteReport.status(explanation).rawValue)
    } catch {
      return (report.render(query.description, cannot: error.description), Status.unknown.rawValue)
    }
  }

  private func finish(_ text: String, _ status: Int32) -> Never {
    guard Terminal.write(text, to: .standardOutput) else {
      Terminal.write("liveprobe: could not write the explanation\n", to: .standardError)
      Terminal.exit(max(status, Status.unknown.rawValue))
    }
    Terminal.exit(status)
  }
}

extension SiteQuery: ExpressibleByArgument {
  package init?(argument: String) {
    self.init(argument)
  }
}
