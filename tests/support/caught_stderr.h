/* caught_stderr.h - what a test writes to stderr, to be looked at. One at a
 * time in a process. */
#ifndef SUPPORT_CAUGHT_STDERR_H
#define SUPPORT_CAUGHT_STDERR_H

/* From here on it goes into a file of its own. Fails the test. */
void caught_stderr_begin(void);

/* Put stderr back. What came meanwhile, up to 1 MiB; static. */
char *caught_stderr_end(void);

#endif
