import Report
import Testing

struct JSONReportTests {
  @Test func `a scan that could not start`() {
    let expected =
      #"""
      {
        "baseline" : null,
        "checks" : [

        ],
        "exitStatus" : 3,
        "firstSteps" : [

        ],
        "implants" : [

        ],
        "incidents" : [

        ],
        "inventory" : null,
        "kernel" : null,
        "obstacles" : [
          {
            "remedy" : "run as root with CAP_SYS_RAWIO; under lockdown=confidentiality no process may read it",
            "what" : "/proc/kcore",
            "why" : "cannot be opened: operation not permitted (1)"
          },
          {
            "remedy" : "",
            "what" : "/proc/kallsyms",
            "why" : "shows every address as zero"
          }
        ],
        "remarks" : [

        ],
        "run" : {
          "kcoreBytesRead" : 1310720,
          "looks" : 0,
          "peakMemoryBytes" : 21000192,
          "startedAt" : "2026-03-01T03:00:00Z",
          "symbols" : 143210,
          "wallSeconds" : 0.412
        },
        "schema" : "liveprobe/1",
        "sentence" : "could not start: nothing was checked, so nothing is known of this kernel",
        "state" : null,
        "status" : "UNKNOWN",
        "tool" : {
          "name" : "liveprobe",
          "version" : "0.1.0"
        }
      }

      """#
    #expect(JSONReport(toolVersion: "0.1.0").render(Sample.couldNotStart, Sample.measurements) == expected)
  }

  @Test func `one finding`() {
    let expected =
      #"""
      {
        "baseline" : null,
        "checks" : [
          {
            "accepted" : [

            ],
            "expectations" : [
              {
                "rung" : "kernel-records",
                "source" : "the kernel's own __syscall_meta__ records",
                "subject" : "sys_call_table",
                "whyNotBetter" : [
                  "the vendor's kernel image /boot/vmlinuz-6.1.0-56-amd64: no such file"
                ]
              }
            ],
            "facts" : 452,
            "findings" : [
              {
                "evidence" : [
                  {
                    "data" : [

                    ],
                    "name" : "module's file",
                    "value" : "/lib/modules/6.1.0-56-amd64/updates/dkms/edr_guard.ko.xz"
                  },
                  {
                    "data" : [

                    ],
                    "name" : "signed",
                    "value" : "no"
                  },
                  {
                    "data" : [

                    ],
                    "name" : "version",
                    "value" : "4.2.1"
                  }
                ],
                "expected" : "__x64_sys_execve+0x0",
                "expectedData" : [

                ],
                "innocentCauses" : [
                  "a product you installed on purpose"
                ],
                "meaning" : "every execve of a 64-bit program runs edr_guard's code first",
                "message" : "the entry leads into a visible module",
                "observed" : "0xffffffffc0b00010 (guard_execve+0x0 [edr_guard])",
                "observedData" : [

                ],
                "owner" : {
                  "description" : "module edr_guard, guard_execve+0x0 [edr_guard]",
                  "kind" : "module",
                  "place" : {
                    "module" : "edr_guard",
                    "offset" : 0,
                    "symbol" : "guard_execve"
                  }
                },
                "response" : [
                  "ask who installed edr_guard"
                ],
                "severity" : "warning",
                "subject" : {
                  "index" : 59,
                  "label" : "execve",
                  "name" : "sys_call_table"
                },
                "target" : null,
                "techniques" : [
                  {
                    "id" : "T1014",
                    "name" : "Rootkit"
                  }
                ]
              }
            ],
            "id" : "syscall-table",
            "notApplicable" : null,
            "outcome" : "found",
            "pointerAccounts" : [

            ],
            "question" : "Does every entry of every table lead to the function the vendor's image puts there?",
            "remarks" : [

            ],
            "textAccounts" : [

            ],
            "unanswered" : [

            ]
          }
        ],
        "exitStatus" : 1,
        "firstSteps" : [
          "ask who installed edr_guard"
        ],
        "implants" : [

        ],
        "incidents" : [
          {
            "culprit" : {
              "address" : null,
              "description" : "module edr_guard",
              "kind" : "module",
              "name" : "edr_guard"
            },
            "effects" : [
              {
                "object" : "execve",
                "verb" : "redirects-system-call"
              }
            ],
            "families" : [

            ],
            "findings" : [
              {
                "check" : "syscall-table",
                "subject" : {
                  "index" : 59,
                  "label" : "execve",
                  "name" : "sys_call_table"
                }
              }
            ],
            "grounds" : [
              {
                "checks" : [
                  "syscall-table"
                ],
                "proof" : "comparison",
                "rung" : "kernel-records"
              }
            ],
            "implants" : [

            ],
            "number" : 1,
            "paragraph" : "Effect: system call execve redirected. Evidence: comparison with the kernel's own records (syscall-table). It may be benign: see below. Finding 1; ATT&CK T1014.",
            "sentence" : "module edr_guard: system call execve redirected",
            "severity" : "warning",
            "techniques" : [
              {
                "id" : "T1014",
                "name" : "Rootkit"
              }
            ]
          }
        ],
        "inventory" : {
          "hostName" : "web1",
          "modules" : [
            {
              "buildID" : "000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7",
              "name" : "edr_guard",
              "taints" : "OE"
            },
            {
              "buildID" : null,
              "name" : "loop",
              "taints" : ""
            }
          ],
          "taint" : "OE",
          "withheld" : [

          ]
        },
        "kernel" : {
          "buildID" : {
            "claimed" : "000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7",
            "inMemory" : "000d1a2734414e5b6875828f9ca9b6c3d0ddeaf7"
          },
          "kaslrOffset" : "0x1a000000",
          "machine" : "x86_64",
          "release" : "6.1.0-56-amd64",
          "version" : "#1 SMP Debian 6.1.199-1 (2026-02-01)",
          "withheld" : [

          ]
        },
        "obstacles" : [

        ],
        "remarks" : [

        ],
        "run" : {
          "kcoreBytesRead" : 1310720,
          "looks" : 2,
          "peakMemoryBytes" : 21000192,
          "startedAt" : "2026-03-01T03:00:00Z",
          "symbols" : 143210,
          "wallSeconds" : 0.412
        },
        "schema" : "liveprobe/1",
        "sentence" : "a person must confirm: module edr_guard: system call execve redirected",
        "state" : null,
        "status" : "WARNING",
        "tool" : {
          "name" : "liveprobe",
          "version" : "0.1.0"
        }
      }

      """#
    #expect(JSONReport(toolVersion: "0.1.0").render(Sample.guarded, Sample.measurements) == expected)
  }
}
