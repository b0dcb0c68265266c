#ifndef FACSIMILE_INTERRUPT_H
#define FACSIMILE_INTERRUPT_H

#include <stdbool.h>

// From now on SIGINT, SIGTERM and SIGHUP are recorded, with a message on standard error; a second one, of whatever kind, says
// so and ends the process. SIGHUP stays ignored where it was (nohup).
//
// C, since a signal handler may do next to nothing: Swift could allocate, take a lock or initialise a static in it.
void facsimile_note_interrupts(void);

// From now on no message is written: another process speaks.
void facsimile_note_interrupts_silently(void);

// Whether one came.
bool facsimile_was_interrupted(void);

#endif
