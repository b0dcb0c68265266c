#ifndef FACSIMILE_VERSION_H
#define FACSIMILE_VERSION_H

// The commit this was built from, as `FACSIMILE_COMMIT` said when it was built; else "unknown".
// C, since a Swift build setting can define a name but not give it a value.
const char *facsimile_commit(void);

#endif
