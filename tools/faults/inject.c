// Injects faults into the calls by which a program changes files, at a chosen place.
//
//   cc -O1 -shared -fPIC -o libinject.so inject.c -ldl
//   LD_PRELOAD=./libinject.so FAULT_FOLDER=/where FAULT_AT=17 FAULT_ACTION=eio program ...
//
// Counts the calls of write, pwrite, fsync, fdatasync, rename, unlink, ftruncate and close on files below FAULT_FOLDER, over all
// threads, from 1. The call number FAULT_AT
//   eio, enospc   fails with this error and changes nothing (a close closes)
//   full          fails with ENOSPC, and so does every write, pwrite and ftruncate after it
//   short         writes half of the bytes (other calls are carried out)
//   kill          writes half of the bytes, then the process gets SIGKILL
// FAULT_LOG names a file that gets a line for each call: its number, name and path.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#define REAL(name) \
  static __typeof__(name) *real; \
  if (!real) real = (__typeof__(name) *)dlsym(RTLD_NEXT, #name)

enum kind { CHANGES, WRITES, CLOSES };
enum action { NOTHING, FAILS, SHORT, KILL };

static atomic_long calls;
static atomic_int is_full;

static int is_below(const char *path) {
  const char *folder = getenv("FAULT_FOLDER");
  if (!folder || !path) return 0;
  size_t length = strlen(folder);
  return !strncmp(path, folder, length) && (path[length] == '/' || !path[length]);
}

static void note(long number, const char *name, const char *path) {
  const char *log = getenv("FAULT_LOG");
  if (!log) return;
  char line[PATH_MAX + 64];
  int length = snprintf(line, sizeof line, "%ld %s %s\n", number, name, path);
  int file = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
  if (file < 0) return;
  // The log is elsewhere: these calls are not counted.
  if (write(file, line, (size_t)length) < 0) abort();
  close(file);
}

// The action for this call; errno is set if it fails.
static enum action next(enum kind kind, const char *name, const char *path) {
  if (!is_below(path)) return NOTHING;
  long number = atomic_fetch_add(&calls, 1) + 1;
  note(number, name, path);
  const char *at = getenv("FAULT_AT"), *action = getenv("FAULT_ACTION");
  if (!at || !action) return NOTHING;
  int is_now = number == atol(at);
  if (is_now && !strcmp(action, "full")) is_full = 1;
  if (is_full) {
    errno = ENOSPC;
    return is_now || kind == WRITES ? FAILS : NOTHING;
  }
  if (!is_now) return NOTHING;
  if (!strcmp(action, "short")) return kind == WRITES ? SHORT : NOTHING;
  if (!strcmp(action, "kill")) return KILL;
  errno = !strcmp(action, "enospc") ? ENOSPC : EIO;
  return FAILS;
}

static enum action next_of(enum kind kind, const char *name, int file) {
  char link[64], path[PATH_MAX];
  snprintf(link, sizeof link, "/proc/self/fd/%d", file);
  ssize_t length = readlink(link, path, sizeof path - 1);
  if (length < 0) return NOTHING;
  path[length] = 0;
  return next(kind, name, path);
}

static _Noreturn void die(void) { kill(getpid(), SIGKILL); for (;;) pause(); }

#define HALF(count) ((count) > 1 ? (count) / 2 : (count))

ssize_t write(int file, const void *bytes, size_t count) {
  REAL(write);
  switch (next_of(WRITES, "write", file)) {
  case FAILS: return -1;
  case SHORT: return real(file, bytes, HALF(count));
  case KILL: real(file, bytes, count / 2); die();
  default: return real(file, bytes, count);
  }
}

#define PWRITE(name, offset_type) \
  ssize_t name(int file, const void *bytes, size_t count, offset_type offset) { \
    REAL(name); \
    switch (next_of(WRITES, #name, file)) { \
    case FAILS: return -1; \
    case SHORT: return real(file, bytes, HALF(count), offset); \
    case KILL: real(file, bytes, count / 2, offset); die(); \
    default: return real(file, bytes, count, offset); \
    } \
  }
PWRITE(pwrite, off_t)
PWRITE(pwrite64, off64_t)

// Calls that are carried out completely or not at all.
#define WHOLE(name, parameters, found, ...) \
  int name parameters { \
    REAL(name); \
    switch (found) { \
    case FAILS: return -1; \
    case KILL: die(); \
    default: return real(__VA_ARGS__); \
    } \
  }
WHOLE(fsync, (int file), next_of(CHANGES, "fsync", file), file)
WHOLE(fdatasync, (int file), next_of(CHANGES, "fdatasync", file), file)
WHOLE(ftruncate, (int file, off_t size), next_of(WRITES, "ftruncate", file), file, size)
WHOLE(ftruncate64, (int file, off64_t size), next_of(WRITES, "ftruncate64", file), file, size)
WHOLE(rename, (const char *from, const char *to), next(CHANGES, "rename", to), from, to)
WHOLE(unlink, (const char *path), next(CHANGES, "unlink", path), path)

int close(int file) {
  REAL(close);
  enum action action = next_of(CLOSES, "close", file);
  if (action == KILL) die();
  int code = errno, status = real(file);
  if (action != FAILS) return status;
  errno = code;
  return -1;
}
