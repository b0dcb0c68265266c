#ifndef FACSIMILE_PREFETCH_H
#define FACSIMILE_PREFETCH_H

// Begins to load what lies there into the first cache; any address will do. C, since Swift has no word for it.
static inline void facsimile_prefetch(const void *place) { __builtin_prefetch(place); }

#endif
