#ifndef WORKBENCH_CTERMINAL_H
#define WORKBENCH_CTERMINAL_H
#include <stddef.h>

// What must work inside a signal handler, and so is C: plain memory, no locks,
// no allocation. One terminal per process.

/// Arms the way out. `leave` (copied) is written to `output` when the program
/// ends by a signal; then the line settings saved now from `input` come back,
/// held stderr is shown, and the signal takes its usual course.
/// Returns 0, or an errno.
int rescue_arm(int input, int output, const char *leave, size_t length);

/// Gives the signals back. The terminal is the caller's affair.
void rescue_disarm(void);

/// The line settings that `rescue_arm` saved, back on the terminal.
void rescue_restore_line(void);

/// Stderr goes to an unlinked file from now on, unless it is no terminal. Returns 0, or an errno.
int rescue_hold_stderr(void);

/// Stderr is itself again, and says now what it held back.
void rescue_release_stderr(void);

/// A descriptor that becomes readable when a signal left a note: 'W' the window
/// changed its size, 'C' the program goes on after a stop. −1 before `rescue_arm`.
int rescue_notes(void);

/// Leaves the terminal and stops this process; returns when it is continued.
void rescue_stop(void);
#endif
