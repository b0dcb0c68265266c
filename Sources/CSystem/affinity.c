#define _GNU_SOURCE
#include "affinity.h"

#include <errno.h>
#include <sched.h>
#include <stddef.h>

int facsimile_allowed_processors(void) {
  // The system refuses a set that is smaller than its own.
  for (int processors = 1024; processors <= 1 << 20; processors *= 2) {
    cpu_set_t *set = CPU_ALLOC(processors);
    if (set == NULL) return 0;
    size_t size = CPU_ALLOC_SIZE(processors);
    int failed = sched_getaffinity(0, size, set);
    int cause = errno;
    int count = failed ? 0 : CPU_COUNT_S(size, set);
    CPU_FREE(set);
    if (!failed) return count;
    if (cause != EINVAL) return 0;
  }
  return 0;
}
