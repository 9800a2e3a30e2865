import Audit
import Foundation
import KernelModel
import Report
import Testing

struct PrometheusReportTests {
  private func render(_ verdict: Verdict) -> String {
    PrometheusReport(toolVersion: "0.1.0").render(verdict, Sample.measurements)
  }

  @Test func `a healthy kernel`() {
    let expected =
      #"""
      # HELP liveprobe_info Which liveprobe made this file.
      # TYPE liveprobe_info gauge
      liveprobe_info{version="0.1.0"} 1
      # HELP liveprobe_kernel_info Which kernel was scanned; its build id is the one in memory.
      # TYPE liveprobe_kernel_info gauge
      liveprobe_kernel_info{build_id="000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7",machine="x86_64",release="6.1.0-56-amd64"} 1
      # HELP liveprobe_status What the last scan concluded: the status that is 1.
      # TYPE liveprobe_status gauge
      liveprobe_status{status="OK"} 1
      liveprobe_status{status="WARNING"} 0
      liveprobe_status{status="CRITICAL"} 0
      liveprobe_status{status="UNKNOWN"} 0
      # HELP liveprobe_obstacles Reasons why the last scan could not start.
      # TYPE liveprobe_obstacles gauge
      liveprobe_obstacles 0
      # HELP liveprobe_implants Runs of memory that findings lead to.
      # TYPE liveprobe_implants gauge
      liveprobe_implants 0
      # HELP liveprobe_check_outcome How each check ended: the outcome that is 1.
      # TYPE liveprobe_check_outcome gauge
      liveprobe_check_outcome{check="syscall-table",outcome="clear"} 1
      liveprobe_check_outcome{check="syscall-table",outcome="found"} 0
      liveprobe_check_outcome{check="syscall-table",outcome="unknown"} 0
      liveprobe_check_outcome{check="syscall-table",outcome="not-applicable"} 0
      liveprobe_check_outcome{check="module-list",outcome="clear"} 0
      liveprobe_check_outcome{check="module-list",outcome="found"} 0
      liveprobe_check_outcome{check="module-list",outcome="unknown"} 0
      liveprobe_check_outcome{check="module-list",outcome="not-applicable"} 1
      # HELP liveprobe_findings What is wrong, by check and severity.
      # TYPE liveprobe_findings gauge
      liveprobe_findings{check="syscall-table",severity="critical"} 0
      liveprobe_findings{check="syscall-table",severity="warning"} 0
      liveprobe_findings{check="module-list",severity="critical"} 0
      liveprobe_findings{check="module-list",severity="warning"} 0
      # HELP liveprobe_accepted_findings Findings that allow rules accept; no part of the status.
      # TYPE liveprobe_accepted_findings gauge
      liveprobe_accepted_findings{check="syscall-table"} 0
      liveprobe_accepted_findings{check="module-list"} 0
      # HELP liveprobe_unanswered_questions Parts of a check's question that have no answer.
      # TYPE liveprobe_unanswered_questions gauge
      liveprobe_unanswered_questions{check="syscall-table"} 0
      liveprobe_unanswered_questions{check="module-list"} 0
      # HELP liveprobe_facts Facts that a check noted.
      # TYPE liveprobe_facts gauge
      liveprobe_facts{check="syscall-table"} 452
      liveprobe_facts{check="module-list"} 0
      # HELP liveprobe_last_run_timestamp_seconds When the last scan began.
      # TYPE liveprobe_last_run_timestamp_seconds gauge
      liveprobe_last_run_timestamp_seconds 1772334000
      # HELP liveprobe_last_run_duration_seconds How long the last scan took.
      # TYPE liveprobe_last_run_duration_seconds gauge
      liveprobe_last_run_duration_seconds 0.41
      # HELP liveprobe_looks How many times the last scan acquired the kernel.
      # TYPE liveprobe_looks gauge
      liveprobe_looks 1
      # HELP liveprobe_kcore_read_bytes Bytes of kernel memory that the last scan read.
      # TYPE liveprobe_kcore_read_bytes gauge
      liveprobe_kcore_read_bytes 1310720
      # HELP liveprobe_peak_memory_bytes The most memory that the last scan had.
      # TYPE liveprobe_peak_memory_bytes gauge
      liveprobe_peak_memory_bytes 21000192

      """#
    #expect(render(Sample.clean) == expected)
  }

  @Test func `findings, drift and unexplained bytes are counted`() {
    let hooked = render(Sample.hooked)
    #expect(hooked.contains("\nliveprobe_status{status=\"CRITICAL\"} 1\n"))
    #expect(hooked.contains("\nliveprobe_findings{check=\"syscall-table\",severity=\"critical\"} 2\n"))
    #expect(hooked.contains("\nliveprobe_implants 1\n"))
    let changed = render(Sample.changed)
    #expect(changed.contains("\nliveprobe_unexplained_bytes{check=\"kernel-text\"} 1\n"))
    #expect(changed.contains("\nliveprobe_unexplained_bytes{check=\"module-text\"} 1007\n"))
    let drifted = render(Sample.drifted)
    for kind in ["changed", "appeared", "vanished", "went-blind"] {
      #expect(drifted.contains("\nliveprobe_drift{kind=\"\(kind)\"} 1\n"))
    }
    #expect(drifted.contains("\nliveprobe_baseline_state{state=\"drifted\"} 1\n"))
    #expect(drifted.contains("\nliveprobe_baseline_recorded_timestamp_seconds 1769914800\n"))
    #expect(render(Sample.allowed).contains("\nliveprobe_accepted_findings{check=\"syscall-table\"} 1\n"))
  }

  @Test func `what is not known has no sample`() {
    let report = render(Sample.couldNotStart)
    #expect(report.contains("\nliveprobe_status{status=\"UNKNOWN\"} 1\n"))
    #expect(report.contains("\nliveprobe_obstacles 2\n"))
    for metric in ["findings", "implants", "unanswered", "drift", "unexplained", "kernel_info"] {
      #expect(!report.contains("liveprobe_\(metric)"))
    }
    #expect(!render(Sample.clean).contains("liveprobe_drift"))
    #expect(!render(Sample.withoutBaseline).contains("liveprobe_drift"))
    #expect(render(Sample.withoutBaseline).contains("\nliveprobe_baseline_state{state=\"absent\"} 1\n"))
  }

  @Test func `a label holds no quote and no backslash that is not escaped`() {
    var verdict = Sample.clean
    verdict.kernel?.release = "6.1\"} 0\nliveprobe_status{status=\"OK\"} 1 \\"
    #expect(
      render(verdict).contains(
        #",release="6.1\"} 0\\u{a}liveprobe_status{status=\"OK\"} 1 \\\\"} 1"#))
  }

  @Test func `a time that is no time has no sample`() {
    for text in [
      "", "2026-03-01", "2026-03-01T03:00:00+01:00", "2026-13-01T03:00:00Z", "2026-03-01T25:00:00Z",
      "x026-03-01T03:00:00Z",
    ] {
      var measurements = Sample.measurements
      measurements.startedAt = text
      let report = PrometheusReport(toolVersion: "0.1.0").render(Sample.clean, measurements)
      #expect(!report.contains("liveprobe_last_run_timestamp_seconds"))
    }
  }

  @Test(arguments: [
    ("1970-01-01T00:00:00Z", 0), ("1999-12-31T23:59:59Z", 946_684_799), ("2000-02-29T12:34:56Z", 951_827_696),
    ("2024-12-31T00:00:00Z", 1_735_603_200), ("2026-03-01T03:00:00Z", 1_772_334_000),
    ("2100-03-01T00:00:00Z", 4_107_542_400),
  ]) func `a time is told in seconds since 1970`(_ text: String, _ seconds: Int) {
    var measurements = Sample.measurements
    measurements.startedAt = text
    let report = PrometheusReport(toolVersion: "0.1.0").render(Sample.clean, measurements)
    #expect(report.contains("\nliveprobe_last_run_timestamp_seconds \(seconds)\n"))
  }

  @Test(arguments: Sample.all.map(\.name))
  func `each metric stands once, with its help and its type, and each of its samples is another`(name: String) throws {
    let report = render(try #require(Sample.all.first { $0.name == name }).verdict)
    var current = ""
    var metrics: Set<Substring> = []
    var samples: Set<Substring> = []
    let lines = report.split(separator: "\n")
    for (index, line) in lines.enumerated() {
      if let help = line.wholeMatch(of: #/# HELP (liveprobe_[a-z_]+) [^\\]+/#) {
        #expect(metrics.insert(help.output.1).inserted)
        current = String(help.output.1)
        #expect(lines.indices.contains(index + 1) && lines[index + 1] == "# TYPE \(current) gauge")
      } else if !line.hasPrefix("# TYPE ") {
        let sample = try #require(
          line.wholeMatch(of: #/([a-z_]+)((?:\{(?:[a-z_]+="(?:[^"\\]|\\\\|\\")*",?)+\})?) [0-9]+(?:\.[0-9]+)?/#),
          "\(line)")
        #expect(sample.output.1 == current)
        #expect(samples.insert(sample.output.1 + sample.output.2).inserted)
      }
    }
    #expect(metrics.count >= 8)
  }
}
