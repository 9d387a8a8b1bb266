/* status.h - how the outbox is doing, on one page and as one JSON object. */
#ifndef CLI_STATUS_H
#define CLI_STATUS_H

#include "cli/output.h"
#include "outbox/views.h"

/* How fast it goes. */
struct status_rates {
    struct view_minutes minutes;
    int64_t delivered_today;
};

/* Write the page; database is the file as the reader named it. */
void status_write_page(const struct view_status *status,
                       const struct status_rates *rates, const char *database,
                       struct output *output);

/* Write one JSON object on one line. */
void status_write_json(const struct view_status *status,
                       const struct status_rates *rates, const char *database,
                       struct output *output);

#endif
