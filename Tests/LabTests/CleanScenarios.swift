import Lab

/// Guests that nobody tampered with: not one of these may have a finding, or a byte that is not explained.
extension Scenario {
  static let clean: [Scenario] = [
    Scenario(name: "clean", guests: .each, change: nothing),

    Scenario(name: "clean, without the vendor's image", guests: shared(by: "5.10", "7")) { guest in
      Run(scans: [try withoutImage(guest) { try Scan(in: guest) }], expectation: .cleanWithoutImage)
    },
  ]

  /// The kernel patches itself because somebody asked for it.
  static let ordinaryPatching: [Scenario] = [
    Scenario(name: "clean, with the function tracer on", guests: shared(by: "6.1", "7")) { guest in
      // The sites are patched, which is what matters; nothing is recorded, which would take the emulator minutes.
      try clean(
        in: guest, after: "cd /sys/kernel/tracing; echo 0 >tracing_on; echo function >current_tracer",
        undo: "echo nop >/sys/kernel/tracing/current_tracer")
    },

    Scenario(name: "clean, with function_graph on", guests: shared(by: "5.10", "6.12")) { guest in
      // On all functions 5.10 would be patched for minutes, one site at a time.
      let filter = guest.kernel.label == "5.10" ? "echo vfs_read >set_ftrace_filter;" : ""
      return try clean(
        in: guest,
        after: "cd /sys/kernel/tracing; echo 0 >tracing_on; \(filter) echo function_graph >current_tracer",
        undo: "cd /sys/kernel/tracing; echo nop >current_tracer; echo >set_ftrace_filter; echo 1 >tracing_on")
    },

    Scenario(name: "clean, with kprobes and kretprobes set", guests: shared(by: "5.10", "7")) { guest in
      // In the middle of functions, wherever an instruction begins: some are optimised into jumps, others stay int3.
      _ = try guest.output(
        of: """
          cd /sys/kernel/tracing
          for f in vfs_statfs path_setxattr kernel_kexec vfs_llseek do_fcntl proc_pid_status; do
            for o in 5 9 11 12 13 14 15 16 17 18 19 20; do
              echo "p:middle_${f}_$o $f+$o" >>kprobe_events
            done
          done 2>/dev/null
          set -e
          echo 'p:entry vfs_open' >>kprobe_events
          echo 'r:return ksys_read' >>kprobe_events
          echo 1 >events/kprobes/enable
          # Probes are optimised a little later.
          sleep 1
          """)
      let run = try scanned(guest, expecting: .clean)
      let kinds = try guest.output(
        of: """
          [ -e /sys/kernel/debug/kprobes ] || mount -t debugfs debugfs /sys/kernel/debug
          list=/sys/kernel/debug/kprobes/list
          echo $(grep -c OPTIMIZED $list) $(grep -c FTRACE $list) $(grep -cv -e OPTIMIZED -e FTRACE $list)
          cd /sys/kernel/tracing; echo 0 >events/kprobes/enable; echo >kprobe_events
          """)
      let complaints = kinds.split(separator: " ").contains("0") ? ["optimised, traced, plain probes: \(kinds)"] : []
      return Run(scans: run.scans, expectation: .clean, complaints: run.complaints + complaints)
    },

    Scenario(name: "clean, and tracefs and debugfs tell what memory has", guests: shared(by: "5.10", "7")) { guest in
      _ = try guest.output(
        of: """
          set -e
          [ -e /sys/kernel/debug/kprobes ] || mount -t debugfs debugfs /sys/kernel/debug
          cd /sys/kernel/tracing
          echo 'p:entry vfs_open' >>kprobe_events
          echo 1 >events/kprobes/enable
          echo 0 >tracing_on; echo vfs_statfs >set_ftrace_filter; echo function >current_tracer
          """)
      let scan = try Scan(in: guest, only: ["syscall-table", "ftrace", "probes"])
      let told = try guest.run("/liveprobe scan --only ftrace --only probes --format json").text
      _ = try guest.output(
        of: """
          cd /sys/kernel/tracing
          echo nop >current_tracer; echo >set_ftrace_filter; echo 1 >tracing_on
          echo 0 >events/kprobes/enable; echo >kprobe_events
          """)
      let isAsked = told.contains("\"id\" : \"probes\"") && !told.contains("were not compared with memory")
      return Run(scans: [scan], expectation: .clean, complaints: isAsked ? [] : ["not asked: \(told.prefix(4000))"])
    },

    Scenario(name: "clean, with a BPF program attached by fentry", guests: shared(by: "6.1", "6.12")) { guest in
      try clean(in: guest, after: BpfPrograms.attach(["fentry si_meminfo"]), undo: BpfPrograms.detach)
    },

    Scenario(name: "clean, with twenty ordinary modules", guests: shared(by: "7")) { guest in
      _ = try guest.output(of: "modprobe -a $(cat /lab/modules)")
      let count = try guest.output(of: "wc -l </proc/modules")
      let missing = try guest.output(
        of: "for m in kvm ext4 nf_tables loop; do grep -q \"^$m \" /proc/modules || echo $m; done")
      let scan = try comparedScan(in: guest)
      var complaints = Int(count).map { $0 >= 20 } == true ? [] : ["only \(count) modules are loaded"]
      if !missing.isEmpty { complaints.append("these are not among them: \(missing)") }
      return Run(scans: [scan], expectation: .clean, complaints: complaints)
    },

    Scenario(
      name: "clean, after kvm_amd went and kvm stayed, and after it came back", guests: shared(by: "5.10", "6.12")
    ) { guest in
      _ = try guest.output(of: "modprobe kvm_amd; rmmod kvm_amd; grep '^kvm ' /proc/modules")
      let without = try scanned(guest, only: Change.checksOfCode, expecting: .clean)
      _ = try guest.output(of: "modprobe kvm_amd")
      let again = try scanned(guest, only: Change.checksOfCode, expecting: .clean)
      return Run(
        scans: without.scans + again.scans, expectation: .clean, complaints: without.complaints + again.complaints)
    },
  ]

  /// Nobody changes anything.
  static let nothing = Change(checks: [], isNothing: true) { _ in .clean }

  /// Other processors, more of them, and other defences: other alternatives, locks, return thunks.
  static let machines: [Scenario] = [
    machine(
      Machine(kernelArguments: ["mitigations=off"], processors: 2), "2 processors, mitigations=off", of: ["5.10", "7"]),
    machine(
      Machine(processors: 2, processorModel: "Nehalem"), "Nehalem, 2 processors", of: ["6.1", "6.12"],
      guests: .of(["6.1"], why: "one that is scanned in both places")),
    machine(Machine(processorModel: "Skylake-Server"), "Skylake-Server", of: ["5.10", "6.12"]),
    // Linux 6.2 and later track the depth of calls then, of modules too; older ones ignore it.
    machine(
      Machine(
        kernelArguments: ["retbleed=stuff", "spectre_v2=retpoline"], processorModel: "Skylake-Server",
        // Not each module is for each processor. Debian's 7.2.13-1 dies of loading kvm: patch_dest (arch/x86/kernel/callthunks.c)
        // reads what lies before the kernel's first page, and a lock is held for ever. Such a kernel is none to scan.
        preparation: """
          grep -q skl_call_thunk_template /proc/kallsyms || exit 0
          for module in $(grep -v kvm /lab/modules); do modprobe $module; done 2>/dev/null
          [ $(wc -l </proc/modules) -ge 10 ] && [ $(($(cat /proc/sys/kernel/tainted) & 128)) = 0 ]
          """), "Skylake-Server, retbleed=stuff", of: ["6.12", "7"]),
    machine(Machine(processorModel: "EPYC"), "EPYC", of: ["6.1", "7"]),
  ]

  /// - Parameter labels: the kernels that are saved with it in each run: booting a machine takes longer than all of its rows.
  private static func machine(
    _ machine: Machine, _ name: String, of labels: Set<String>, guests: Guests = savedAlone
  ) -> Scenario {
    var scenario = Scenario(name: "clean, \(name)", machine: machine, guests: guests, change: nothing)
    scenario.savedKernels = labels
    return scenario
  }

  /// Parameters from administrators' guides, several at once where they have nothing to do with each other.
  static let bootParameters: [Scenario] = [
    ("nothing moved, no old interfaces", 1, "nokaslr vsyscall=none ia32_emulation=off ipv6.disable=1 audit=1"),
    (
      "memory checked as it is used", 1,
      "init_on_alloc=1 init_on_free=1 slub_debug=FZPU page_poison=1 debug_pagealloc=on"
    ),
    ("real-time habits", 2, "threadirqs preempt=full nohz_full=1 rcu_nocbs=1 isolcpus=1"),
    ("one thread a core", 4, "mitigations=auto,nosmt maxcpus=2 preempt=none spec_rstack_overflow=safe-ret pti=on"),
    (
      "hardened", 1,
      "lockdown=integrity module.sig_enforce=1 slab_nomerge randomize_kstack_offset=on lsm=lockdown,yama,bpf"
    ),
    ("defences off", 1, "spectre_v2=off retbleed=off nopti cfi=off nosmap nosmep selinux=0 apparmor=0"),
    (
      "defences forced", 1,
      "spectre_v2=retpoline,generic indirect_target_selection=force spectre_bhi=on vsyscall=emulate"
    ),
    ("traced from the start", 1, "ftrace=function trace_event=sched:sched_switch kprobe_event=p:k1,vfs_read"),
    ("a crash kernel's room", 1, "crashkernel=128M panic_on_warn=1 softlockup_panic=1 hugepages=16 no5lvl"),
  ].map { name, processors, parameters in
    Scenario(
      name: "clean, booted with: \(name)",
      machine: Machine(kernelArguments: parameters.split(separator: " ").map(String.init), processors: processors),
      guests: .whenAllIsAsked(why: "a guest of its own boots for it")
    ) { guest in Run(scans: [try Scan(in: guest)], expectation: .clean) }
  }

  /// Hundreds, loaded a hundred at a time: whatever the loader does to one of them has to be known.
  static let everyModule: [Scenario] = [
    Scenario(
      name: "clean, with every module that can be loaded", machine: Machine(hasEveryModule: true, preparation: "true"),
      guests: .whenAllIsAsked(why: "it takes a guest of its own many minutes")
    ) { guest in
      // What torments the kernel is none to scan beside; a module that finds no hardware does not load.
      let names = try guest.output(
        of:
          "cut -d: -f1 /lib/modules/*/modules.dep | sed 's#.*/##; s#\\.ko.*##' | grep -vE 'torture|^test_|_test$|lkdtm|fault'"
      ).split(separator: "\n")
      var scans: [Scan] = []
      for start in stride(from: 0, to: names.count, by: 250) {
        let batch = names[start..<min(start + 250, names.count)].joined(separator: " ")
        _ = try guest.output(
          of: "for m in \(batch); do timeout 20 modprobe -q $m; done </dev/null >/dev/null 2>&1; true", timeout: 3000)
        scans.append(try comparedScan(in: guest))
      }
      let loaded = Int(try guest.output(of: "wc -l </proc/modules")) ?? 0
      return Run(
        scans: scans, expectation: .clean, complaints: loaded >= 300 ? [] : ["only \(loaded) modules are loaded"])
    },

    Scenario(
      name: "clean, with the drivers of Debian's DKMS packages",
      machine: Machine(hasEveryModule: true, preparation: "true"),
      guests: .whenAllIsAsked(why: "they are built for it"),
      exemption: { kernel in
        try (kernel as? Guest)?.run("[ -s /lab/dkms ]").status == 0 ? nil : "none were built: Tests/Lab/build-dkms"
      }
    ) { guest in
      let loaded = try guest.output(
        of: "for m in $(cat /lab/dkms); do timeout 20 modprobe -q $m; done; grep -cwFf /lab/dkms /proc/modules")
      let scan = try comparedScan(in: guest)
      let complaints = Int(loaded) ?? 0 >= 8 ? [] : ["only \(loaded) of them are loaded"]
      return Run(scans: [scan], expectation: .clean, complaints: complaints)
    },
  ]

  static let storm: [Scenario] = [
    Scenario(
      name: "modules come and go during scans",
      guests: .of(["7"], why: "the newest kernel; what races is the same on the others")
    ) { guest in
      // Ordinary modules that load fast and that nothing else here needs.
      _ = try guest.output(
        of: """
          rmmod veth macvlan nbd dummy 2>/dev/null; rm -f /tmp/calm; : >/tmp/loads
          storm() {
            until [ -e /tmp/calm ]; do
              for m in dummy veth macvlan nbd; do modprobe $m && echo $m >>/tmp/loads; rmmod $m; done
            done
            : >/tmp/over
          }
          storm >/dev/null 2>&1 &
          # On one processor the scans get three quarters of the time: the storm goes on in each, and the run ends.
          renice -n 5 -p $! >/dev/null
          """)
      // What comes and goes is not the kernel's own text, which takes most of a scan: it is looked at in a few.
      let count = LabSettings().stormScans
      let whole = try (0..<count / 5).map { _ in try Scan(in: guest) }
      let short = try withoutImage(guest) {
        try (whole.count..<count).map { _ in
          try Scan(in: guest, only: ["reader", "syscall-table", "module-list", "executable-memory", "taint"])
        }
      }
      let scans = whole + short
      let loads = try guest.output(
        of: ": >/tmp/calm; until [ -e /tmp/over ]; do sleep 0.1; done; rm /tmp/over; wc -l </tmp/loads")
      let complaints = Int(loads).map { $0 >= scans.count } == true ? [] : ["that was no storm: \(loads) loads"]
      return Run(scans: scans, expectation: .clean, complaints: complaints)
    },

    Scenario(
      name: "tracing comes and goes during 20 scans",
      guests: .of(["5.10", "7"], why: "an older and a newer way of counting a tracer's users")
    ) { guest in
      _ = try guest.output(
        of: """
          [ -e /sys/kernel/debug/kprobes ] || mount -t debugfs debugfs /sys/kernel/debug
          rm -f /tmp/calm /tmp/over; : >/tmp/rounds
          storm() {
            cd /sys/kernel/tracing
            echo 0 >tracing_on
            until [ -e /tmp/calm ]; do
              for f in vfs_statfs 'vfs_*' '*_open'; do
                echo "$f" >set_ftrace_filter; echo function >current_tracer
                echo 'p:entry vfs_open' >kprobe_events; echo 'r:return ksys_read' >>kprobe_events
                echo 1 >events/kprobes/enable; echo 1 >events/syscalls/enable
                echo function_graph >current_tracer
                echo 0 >events/kprobes/enable; echo 0 >events/syscalls/enable
                echo >kprobe_events; echo nop >current_tracer
                echo $f >>/tmp/rounds
              done
            done
            echo >set_ftrace_filter; echo 1 >tracing_on
            : >/tmp/over
          }
          storm >/dev/null 2>&1 &
          renice -n 5 -p $! >/dev/null
          """)
      let asked = ["syscall-table", "ftrace", "probes", "tracepoints"]
      let scans = try (0..<10).map { _ in
        [try Scan(in: guest, only: asked), try Scan(ofMemoryOf: guest, only: asked)]
      }.flatMap { $0 }
      let rounds = try guest.output(
        of: ": >/tmp/calm; until [ -e /tmp/over ]; do sleep 0.1; done; rm /tmp/over; wc -l </tmp/rounds")
      let complaints = Int(rounds).map { $0 >= 10 } == true ? [] : ["that was no storm: \(rounds) rounds"]
      return Run(scans: scans, expectation: .clean, complaints: complaints)
    },

    Scenario(
      name: "stopped 12 times while modules, events, probes and processes come and go",
      guests: .of(["6.12", "7"], why: "each way of keeping modules' code; what else races is the same on the others")
    ) { guest in
      _ = try guest.output(
        of: """
          rmmod veth macvlan nbd dummy 2>/dev/null; rm -f /tmp/calm; : >/tmp/storms
          storm() {
            until [ -e /tmp/calm ]; do "$@"; done
            echo over >>/tmp/storms
          }
          modules() { for m in dummy veth macvlan nbd; do modprobe $m; sleep 0.02; rmmod $m; done; }
          # Static keys and static calls are set by it.
          events() { echo 1 >/sys/kernel/tracing/events/sched/enable; echo 0 >/sys/kernel/tracing/events/sched/enable; }
          probes() {
            cd /sys/kernel/tracing
            echo 'p:x vfs_open' >>kprobe_events; echo 1 >events/kprobes/enable
            echo 0 >events/kprobes/enable; echo '-:x' >>kprobe_events
          }
          processes() { for i in 1 2 3 4; do ( : ) & ( ( : ) & ) & done; wait; }
          for s in modules events probes processes; do storm $s >/dev/null 2>&1 & done
          """)
      let scans = try (0..<12).map { _ in try Scan(ofMemoryOf: guest) }
      _ = try guest.output(
        of:
          ": >/tmp/calm; until [ $(wc -l </tmp/storms) = 4 ]; do sleep 0.1; done; echo >/sys/kernel/tracing/kprobe_events"
      )
      return Run(scans: scans, expectation: .clean)
    },

    Scenario(
      name: "BPF programs come and go during 5 scans",
      guests: .of(["6.12"], why: "what races is the same on the others, and 7 has a row of more kinds")
    ) { guest in
      _ = try guest.output(
        of: """
          rm -f /tmp/calm /tmp/over; : >/tmp/attached
          storm() {
            until [ -e /tmp/calm ]; do
              before=$(grep -c attached /tmp/attached)
              /fixtures/bpf fentry si_meminfo >>/tmp/attached & loader=$!
              for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
                [ $(grep -c attached /tmp/attached) -gt $before ] && break; sleep 0.1
              done
              kill $loader; wait $loader
            done
            : >/tmp/over
          }
          storm >/dev/null 2>&1 &
          renice -n 5 -p $! >/dev/null
          """)
      let whole = [try Scan(in: guest)]
      let memory = try (0..<4).map { _ in try Scan(in: guest, only: ["syscall-table", "executable-memory"]) }
      let attached = try guest.output(
        of: ": >/tmp/calm; until [ -e /tmp/over ]; do sleep 0.1; done; rm /tmp/over; grep -c attached /tmp/attached")
      let complaints = Int(attached).map { $0 >= 5 } == true ? [] : ["only \(attached) programs were attached"]
      return Run(scans: whole + memory, expectation: .clean, complaints: complaints)
    },
  ]

  private static let refusals = Guests.of(["6.12"], why: "what the kernel refuses it refuses in the same way")

  /// What cannot be looked at is never called clean.
  static let limits: [Scenario] = [
    Scenario(name: "not root", guests: refusals) { guest in
      Run(scans: [try Scan(in: guest, as: .guest)], expectation: .unanswered)
    },

    Scenario(name: "kptr_restrict=2", guests: refusals) { guest in
      let before = try guest.output(of: "cat /proc/sys/kernel/kptr_restrict; echo 2 >/proc/sys/kernel/kptr_restrict")
      let scan = try Scan(in: guest)
      _ = try guest.output(of: "echo \(before) >/proc/sys/kernel/kptr_restrict")
      return Run(scans: [scan], expectation: .unanswered)
    },
  ]

  static let lockdown: [Scenario] = [
    Scenario(
      name: "lockdown=confidentiality", machine: Machine(kernelArguments: ["lockdown=confidentiality"]),
      guests: refusals
    ) { guest in
      var complaints: [String] = []
      if try !guest.output(of: "cat /sys/kernel/security/lockdown").contains("[confidentiality]") {
        complaints.append("the kernel is not locked down")
      }
      return Run(scans: [try Scan(in: guest)], expectation: .unanswered, complaints: complaints)
    }
  ]
}
