/* manual.h - the manual page subrelay(1), from the tables that --help, the
 * filters and the verdicts are made of. */
#ifndef CLI_MANUAL_H
#define CLI_MANUAL_H

#include "base/buf.h"

/* Add the whole page in mdoc(7): every command with its options and examples,
 * filters, reasons, environment, files, exit status. */
void manual_write(struct buf *out);

#endif
