#ifndef FACSIMILE_NEIGHBOURS_H
#define FACSIMILE_NEIGHBOURS_H

#include <stdbool.h>

// Whether this process may read the memory of the one that started it, and so that of others which it started. Systems
// for containers and hardened kernels forbid it.
bool facsimile_may_read_parent(void);

// From now on this process ends with status 2 if one of these does, after it has written the line of that one, where it has
// one, and then nothing more, to standard error. Called once. Without effect where the kernel cannot do it (before Linux 5.3).
//
// C, since the thread that waits is to work while any other is in the middle of anything.
void facsimile_watch(const int *processes, const char *const *lines, int count);

// Before this process and the others end.
void facsimile_end_watch(void);

// Before this process ends without the others: it has said why.
void facsimile_end_all_watches(void);

#endif
