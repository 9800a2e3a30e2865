#define _GNU_SOURCE
#include "CHarden.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

// The variables the program reads, each with its '='. Nothing else is kept.
static const char *const kept_variables[] = {
    "TERM=",      // whether a terminal knows colours
    "NO_COLOR=",  // the user wants none
};

// Turns the Swift runtime's crash helper off, and names as helper what cannot be run, so that the runtime does not look
// for one beside the executable. Not const: environment strings are `char *`.
static char no_backtrace[] = "SWIFT_BACKTRACE=enable=no,swift-backtrace=/";

static bool is_kept(const char *variable) {
  for (size_t i = 0; i < sizeof kept_variables / sizeof kept_variables[0]; i++) {
    if (strncmp(variable, kept_variables[i], strlen(kept_variables[i])) == 0) return true;
  }
  return false;
}

// Keeps what is on the list, in the same array, and puts `no_backtrace` into a place that this freed. Where nothing
// was freed there is no room (the auxiliary vector follows the array), so the last one kept gives up its place; an
// empty environment stays empty, and harden_signals alone must do.
static void scrub_environment(char **environment) {
  size_t count = 0, kept = 0;
  for (; environment[count] != NULL; count++) {
    if (is_kept(environment[count])) environment[kept++] = environment[count];
  }
  if (count == 0) return;
  if (kept == count) kept--;
  environment[kept++] = no_backtrace;
  // All the rest, not only the end: nobody who reads on behind it finds what was dropped.
  for (; kept < count; kept++) environment[kept] = NULL;
}

// Occupies closed standard descriptors with one that can be neither read nor written, so that using it still fails
// as a closed one does (a report that nobody can read must not look written), and that needs no /dev.
static void occupy_standard_descriptors(void) {
  for (int descriptor = 0; descriptor <= 2; descriptor++) {
    if (fcntl(descriptor, F_GETFD) != -1 || errno != EBADF) continue;
    // The lowest free number is given: `descriptor`, as those below it are open.
    if (open("/", O_PATH | O_DIRECTORY) != descriptor) _exit(3);
  }
}

static int argument_count = 0;
static char **arguments_given = NULL;

static void harden_before_main(int count, char **arguments, char **environment) {
  argument_count = count;
  arguments_given = arguments;
  scrub_environment(environment);
  occupy_standard_descriptors();
  prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

__attribute__((used, section(".preinit_array"))) static void (*const harden_entry)(int, char **, char **) =
    harden_before_main;

int harden_argument_count(void) { return argument_count; }

const char *harden_argument(int index) {
  return index >= 0 && index < argument_count ? arguments_given[index] : "";
}

void harden_signals(void) {
  static const int raised_by_crashes[] = {SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGQUIT, SIGSEGV, SIGSYS, SIGTRAP};
  struct sigaction standard = {.sa_handler = SIG_DFL};
  sigemptyset(&standard.sa_mask);

  for (int number = 1; number < NSIG; number++) {
    struct sigaction current;
    // Fails for the two that the C library keeps for itself, and leaves them alone.
    if (sigaction(number, NULL, &current) != 0) continue;
    bool handled = (current.sa_flags & SA_SIGINFO) != 0 ||
                   (current.sa_handler != SIG_DFL && current.sa_handler != SIG_IGN);
    if (handled) sigaction(number, &standard, NULL);
  }
  for (size_t i = 0; i < sizeof raised_by_crashes / sizeof raised_by_crashes[0]; i++) {
    sigaction(raised_by_crashes[i], &standard, NULL);
  }

  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, NULL);
}
