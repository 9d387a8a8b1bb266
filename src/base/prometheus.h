/* prometheus.h - figures in Prometheus's text format (version 0.0.4).
 *
 * Each family is begun once and followed by its samples. Values are whole
 * numbers of some part of the unit that the name says: parts 1000 and 1500
 * are 1.5 (seconds out of milliseconds). Nothing fails: what does not fit
 * shows in the buffer's overflow. One thread. */
#ifndef BASE_PROMETHEUS_H
#define BASE_PROMETHEUS_H

#include "base/buf.h"
#include "base/histogram.h"

#include <stddef.h>
#include <stdint.h>

/* The samples of a name follow. type: "counter", "gauge" or "histogram"; help
 * is one line of ours. */
void prometheus_begin(struct buf *out, const char *name, const char *type,
                      const char *help);

struct prometheus_label {
    const char *name;
    const char *value; /* any text */
};

/* One sample. parts is a power of ten: 1, 1000 … */
void prometheus_add(struct buf *out, const char *name,
                    const struct prometheus_label *labels, size_t label_count,
                    int64_t value, int64_t parts);

/* A family with one sample and no labels. */
void prometheus_add_one(struct buf *out, const char *name, const char *type,
                        const char *help, int64_t value, int64_t parts);

/* A whole histogram: a family of its own. */
void prometheus_add_histogram(struct buf *out, const char *name,
                              const char *help,
                              const struct histogram *histogram, int64_t parts);

#endif
