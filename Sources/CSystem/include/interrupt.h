#ifndef FACSIMILE_INTERRUPT_H
#define FACSIMILE_INTERRUPT_H

#include <stdbool.h>

// From now on SIGINT and SIGTERM are noted, each once: the next of its kind does what it always did.
//
// C, since a signal handler may do next to nothing: Swift could allocate, take a lock or initialise a static in it.
void facsimile_note_interrupts(void);

// Whether one came.
bool facsimile_was_interrupted(void);

#endif
