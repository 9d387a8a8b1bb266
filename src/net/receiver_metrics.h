/* receiver_metrics.h - the outbox's figures as metrics. */
#ifndef NET_RECEIVER_METRICS_H
#define NET_RECEIVER_METRICS_H

#include "base/buf.h"
#include "outbox/views.h"

/* Append them in Prometheus's text format. NULL: the outbox cannot be read,
 * and that alone is said. */
void receiver_metrics_write(const struct view_status *status, struct buf *out);

#endif
