// What a privileged program does before it may read anything on a machine it does not trust.
//
// Linking this target is enough for the first part; the program must call `harden_signals` for the second.
//
// 1. Before the Swift runtime starts (an entry of .preinit_array):
//    * The environment is cut down, in place, to a short list of harmless variables, and SWIFT_BACKTRACE is set to
//      "no", with a helper that cannot be run. The Swift runtime otherwise answers a crash by running a program called
//      `swift-backtrace` that it looks for beside the executable (on by default on Linux since Swift 5.9), and a dozen
//      SWIFT_* variables steer it; libraries read more (LOCPATH, KMOD_LOG, MALLOC_*…).
//    * Descriptors 0, 1 and 2 are occupied if they came closed. Otherwise the first file opened, /proc/kcore perhaps,
//      would be standard output, and a message be written to it.
//    * The process is made undumpable: a crash must not leave the kernel memory it has read in a core file, nor hand
//      it to whatever /proc/sys/kernel/core_pattern names.
// 2. `harden_signals`, the first statement of main: see below.
//
// In place, because a static executable's Swift runtime finds argv by walking back from `environ`: after setenv(3),
// which moves that array, the program has no arguments.
//
// What this cannot do: in a dynamically linked build the loader has obeyed LD_PRELOAD, LD_LIBRARY_PATH and LD_AUDIT
// long before any code of the program's runs. Only the static executable is fit for a machine that is not trusted.
//
// Only the program's own executable may link this. A test runner that did would lose its environment too.
#pragma once

// Puts every signal that has a handler, and every signal that a crash raises, back to the system's default action,
// and unblocks all. The Swift runtime's crash handler, the one that starts `swift-backtrace`, is thereby gone even
// when the environment was empty and had no room for SWIFT_BACKTRACE. Signals the caller has set to be ignored, as
// nohup(1) does with SIGHUP, stay ignored.
void harden_signals(void);

// The arguments as the kernel laid them down, with the program's name as the first; valid for as long as the program runs. The
// Swift runtime asks /proc/self/cmdline for them instead: it may be missing, and a suspect kernel may edit what is read there.
int harden_argument_count(void);
// "" beyond them.
const char *harden_argument(int index);
