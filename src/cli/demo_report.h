/* demo_report.h - what the demo came to, for a person, and whether all went as
 * planned. */
#ifndef CLI_DEMO_REPORT_H
#define CLI_DEMO_REPORT_H

#include "base/buf.h"
#include "cli/demo.h"
#include "cli/output.h"

#include <stdbool.h>

/* Write the summary: what went in, what arrived, what did not and why, and
 * what to try next. */
void demo_report_write(const struct demo *demo, struct output *output);

/* Hold the outbox against the plan and against what arrived. False: *complaint
 * has a line for each difference. */
bool demo_report_check(const struct demo *demo, struct buf *complaint);

#endif
