import Foundation
import Lab

/// BPF programs: ordinary ones, those that could change what user space is told, and one that is kept from `bpf(2)`.
///
/// All of them pass through; what could change something is behind a condition that is never true.
extension Scenario {
  static let bpfPrograms: [Scenario] = [
    Scenario(name: "clean, with BPF programs of each kind attached", guests: shared(by: "5.10", "7")) { guest in
      _ = try guest.output(of: "\(BpfPrograms.makeCgroup)\n\(BpfPrograms.attach(ordinaryPrograms))")
      let scans = try [Scan(ofMemoryOf: guest), Scan(in: guest, only: checks)]
      _ = try guest.output(of: BpfPrograms.detach)
      return Run(scans: scans, expectation: .clean)
    },

    Scenario(
      name: "clean, while BPF programs come and go",
      guests: .of(["7"], why: "the newest kernel; what races is the same on the others")
    ) { guest in
      // Each is killed in its turn: two are there at a time, and one of them was just attached.
      _ = try guest.output(
        of: """
          rm -f /tmp/calm /tmp/over; : >/tmp/attached; last=
          storm() {
            until [ -e /tmp/calm ]; do
              for program in "fentry si_meminfo" "kprobe si_meminfo" "lsm file_open" "xdp lo" "iterator task" \\
                "tracepoint syscalls/sys_exit_getdents64" "raw-tracepoint sys_enter"; do
                [ -e /tmp/calm ] && break
                before=$(grep -c attached /tmp/attached)
                /fixtures/bpf $program >>/tmp/attached & loader=$!
                for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
                  [ $(grep -c attached /tmp/attached) -gt $before ] && break; sleep 0.05
                done
                [ -z "$last" ] || { kill $last; wait $last; }
                last=$loader
              done
            done
            kill $last; wait $last; : >/tmp/over
          }
          storm >/dev/null 2>&1 &
          renice -n 5 -p $! >/dev/null
          """)
      let count = isAll ? 20 : 6
      // Every other one catches the kernel where it stops; those in the guest see programs go while they look.
      let scans = try (0..<count).map { number in
        number.isMultiple(of: 2) ? try Scan(ofMemoryOf: guest) : try Scan(in: guest, only: checks)
      }
      let attached = try guest.output(
        of: ": >/tmp/calm; until [ -e /tmp/over ]; do sleep 0.1; done; rm /tmp/over; grep -c attached /tmp/attached")
      let complaints = Int(attached).map { $0 >= 2 * count } == true ? [] : ["only \(attached) programs were attached"]
      return Run(scans: scans, expectation: .clean, complaints: complaints)
    },

    told(
      "a BPF program that can write into what getdents64 answers",
      "tracepoint syscalls/sys_exit_getdents64 --with write-user",
      ["lab_tracepoint", "bpf_probe_write_user", "getdents64"], guests: shared(by: "5.10", "6.12")),
    told(
      "a BPF program that can override a system call", "kprobe __x64_sys_kill --with override",
      ["lab_kprobe", "bpf_override_return", "__x64_sys_kill"],
      guests: .of(["7"], why: "none of Debian's can, and one says so"), exemption: cannotOverride),
    told(
      "a BPF program that sends signals at each system call", "raw-tracepoint sys_enter --with signal",
      ["lab_raw_tracepo", "bpf_send_signal", "sys_enter"], guests: shared(by: "6.1")),

    Scenario(name: "a BPF program whose loader is gone", guests: shared(by: "6.1")) { guest in
      _ = try guest.output(of: BpfPrograms.pin("fentry si_meminfo"))
      let scans = try [Scan(ofMemoryOf: guest, only: checks), Scan(in: guest, only: checks)]
      _ = try guest.output(of: BpfPrograms.unpin)
      return Run(scans: scans, expectation: .clean)
    },

    Scenario(name: "a BPF program that was taken out of prog_idr", guests: shared(by: "5.10", "7")) { guest in
      _ = try guest.output(of: BpfPrograms.attach(["tracepoint syscalls/sys_exit_getdents64"]))
      let run = try hiding("lab_tracepoint", in: guest)
      _ = try guest.output(of: BpfPrograms.detach)
      return run
    },
  ]

  /// Who is asked of programs: what the code around them looks like is asked in the first row.
  private static let checks = ["syscall-table", "bpf"]

  /// One of each kind, all at once.
  private static let ordinaryPrograms = [
    "fentry si_meminfo", "lsm file_open", "kprobe si_meminfo", "tracepoint syscalls/sys_exit_getdents64", "xdp lo",
    "cgroup \(BpfPrograms.cgroup)", "iterator task",
  ]

  /// A program that is told of: by one finding of `bpf` that has all of these words, a warning or worse.
  private static func told(
    _ name: String, _ program: String, _ words: [String], guests: Guests,
    exemption: @escaping @Sendable (any TamperedKernel) throws -> String? = { _ in nil }
  ) -> Scenario {
    Scenario(name: name, guests: guests, exemption: exemption) { guest in
      _ = try guest.output(of: BpfPrograms.attach([program]))
      let scans = try [Scan(ofMemoryOf: guest, only: checks)] + (isAll ? [Scan(in: guest, only: checks)] : [])
      _ = try guest.output(of: BpfPrograms.detach)
      let complaints = scans.compactMap { scan in
        let findings = scan.report?.check("bpf")?.findings ?? []
        let isTold = findings.contains { finding in words.allSatisfy { finding.words.contains($0) } }
        return isTold ? nil : "no finding of bpf says \(words), but: \(findings.map(\.words))"
      }
      return Run(
        scans: scans,
        expectation: Expectation(
          verdict: scans[0].exitStatus == 2 ? .critical : .warning,
          named: [Expectation.Named(check: "bpf", text: "")]), complaints: complaints)
    }
  }

  private static var isAll: Bool { LabSettings().tier == .all }

  /// Scans while `bpf(2)` knows nothing of a program, in both places: only in the guest there is somebody to ask.
  private static func hiding(_ program: String, in guest: Guest) throws -> Run {
    let tampering = Tampering(guest)
    func isShown() throws -> Bool { try guest.output(of: BpfPrograms.list).contains(program) }
    do {
      var complaints = try isShown() ? [] : ["bpf(2) does not show it before the change"]
      try tampering.removePrograms(named: program)
      if try isShown() { complaints.append("bpf(2) still shows it") }
      let scans = try [Scan(ofMemoryOf: guest, only: checks), Scan(in: guest, only: checks)]
      try tampering.restore()
      if try !isShown() { complaints.append("bpf(2) does not show it after the change was undone") }
      return Run(scans: scans, expectation: .tampered("bpf", program), complaints: complaints)
    } catch {
      try tampering.restore()
      throw error
    }
  }

  /// Exempts kernels that were built without CONFIG_BPF_KPROBE_OVERRIDE, as Debian's are: no program there may call the helper.
  private static let cannotOverride: @Sendable (any TamperedKernel) throws -> String? = { system in
    let config = system.kernel.directory.appendingPathComponent("config")
    let settings = try String(contentsOf: config, encoding: .utf8).split(separator: "\n")
    return settings.contains("CONFIG_BPF_KPROBE_OVERRIDE=y") ? nil : "built without CONFIG_BPF_KPROBE_OVERRIDE"
  }
}
