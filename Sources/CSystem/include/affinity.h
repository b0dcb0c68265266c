#ifndef FACSIMILE_AFFINITY_H
#define FACSIMILE_AFFINITY_H

// How many processors this process may run on (taskset, cpusets); 0 where the system does not say.
//
// C, since the set's size is known only by trying, and its macros are none of Swift's.
int facsimile_allowed_processors(void);

#endif
