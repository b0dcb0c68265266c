#include "interrupt.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <string.h>
#include <unistd.h>

static atomic_bool interrupted;
_Static_assert(ATOMIC_BOOL_LOCK_FREE == 2, "a signal handler may touch lock-free atomics only");

// Where words go to a terminal, they begin on a line of their own: a moving line may be there.
static atomic_bool is_terminal;

// Where another process speaks.
static atomic_bool is_silent;

static void say(const char *text) {
  if (atomic_load(&is_silent)) return;
  // The reader may be gone, which is no reason not to stop.
  ssize_t written = write(STDERR_FILENO, text, strlen(text));
  (void)written;
}

static void note(int number) {
  int cause = errno;
  if (atomic_load(&is_terminal)) say("\n");
  say(number == SIGINT ? "Ctrl-C" : number == SIGTERM ? "SIGTERM" : "SIGHUP");
  if (!atomic_exchange(&interrupted, true)) {
    say(": stopping as soon as the step under way is saved; once more stops at once\n");
    errno = cause;
    return;
  }
  say(": stopped at once; what was saved before is kept\n");
  // Restore the default action: the system ends the process and reports the signal.
  signal(number, SIG_DFL);
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, number);
  pthread_sigmask(SIG_UNBLOCK, &set, NULL);
  raise(number);
}

void facsimile_note_interrupts(void) {
  atomic_store(&is_terminal, isatty(STDERR_FILENO) == 1);
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = note;
  sigemptyset(&action.sa_mask);
  // Restart interrupted input and output calls.
  action.sa_flags = SA_RESTART;
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  struct sigaction before;
  if (sigaction(SIGHUP, NULL, &before) == 0 && before.sa_handler != SIG_IGN) sigaction(SIGHUP, &action, NULL);
}

void facsimile_note_interrupts_silently(void) { atomic_store(&is_silent, true); }

bool facsimile_was_interrupted(void) { return atomic_load(&interrupted); }
