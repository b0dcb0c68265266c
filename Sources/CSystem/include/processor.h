#ifndef FACSIMILE_PROCESSOR_H
#define FACSIMILE_PROCESSOR_H

#include <stdbool.h>

// Whether the processor has these instructions and the system keeps their registers. C, since Swift cannot ask it.
// Where the processor is no x86-64: false.
bool facsimile_has_avx2(void);
bool facsimile_has_fma(void);
bool facsimile_has_avx512f(void);
bool facsimile_has_avx512bw(void);
bool facsimile_has_avx512dq(void);
bool facsimile_has_avx512vl(void);

// Begins to load what lies there into the first cache; any address will do. C, since Swift has no word for it.
static inline void facsimile_prefetch(const void *place) { __builtin_prefetch(place); }

#endif
