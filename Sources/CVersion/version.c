#include "version.h"

#ifndef FACSIMILE_COMMIT
#define FACSIMILE_COMMIT "unknown"
#endif

const char *facsimile_commit(void) { return FACSIMILE_COMMIT; }
