/* job_parts.h - what job.c and job_plan.c share. */
#ifndef TUI_JOB_PARTS_H
#define TUI_JOB_PARTS_H

#include "tui/job.h"

/* For qsort() and bsearch() over int64_t. */
int job_parts_compare_ids(const void *a, const void *b);

/* Plan the next page; behind the last one, ask or start. */
MUST_CHECK bool job_parts_plan_page(struct model *model, struct store *store,
                                    struct err *err);

/* Give the plan up: its rows go in pages. */
void job_parts_drop(struct model *model);

#endif
