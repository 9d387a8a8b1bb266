#include "base/prometheus.h"

#include <inttypes.h>
#include <stdio.h>

void prometheus_begin(struct buf *out, const char *name, const char *type,
                      const char *help)
{
    buf_add_format(out, "# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

/* As the format asks for: backslash, quote and newline are escaped. */
static void add_escaped(struct buf *out, const char *text)
{
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '\n') {
            buf_add_text(out, "\\n");
            continue;
        }
        if (*at == '\\' || *at == '"')
            buf_add_byte(out, '\\');
        buf_add_byte(out, *at);
    }
}

/* The number as a decimal fraction, the same in any locale. */
static void format_number(int64_t value, int64_t parts, char *out, size_t size)
{
    int64_t whole = value / parts;
    int64_t rest = value % parts;
    int used = snprintf(out, size, "%s%" PRId64,
                        value < 0 && whole == 0 ? "-" : "", whole);
    if (rest == 0 || used < 0 || (size_t)used + 2 > size)
        return;
    rest = rest < 0 ? -rest : rest;
    size_t at = (size_t)used;
    out[at++] = '.';
    for (int64_t part = parts / 10; rest > 0 && part > 0 && at + 1 < size;
         part /= 10) {
        out[at++] = (char)('0' + rest / part);
        rest %= part;
    }
    out[at] = '\0';
}

void prometheus_add(struct buf *out, const char *name,
                    const struct prometheus_label *labels, size_t label_count,
                    int64_t value, int64_t parts)
{
    char number[48];
    buf_add_text(out, name);
    for (size_t i = 0; i < label_count; i++) {
        buf_add_format(out, "%c%s=\"", i == 0 ? '{' : ',', labels[i].name);
        add_escaped(out, labels[i].value);
        buf_add_byte(out, '"');
    }
    if (label_count > 0)
        buf_add_byte(out, '}');
    format_number(value, parts, number, sizeof(number));
    buf_add_format(out, " %s\n", number);
}

void prometheus_add_one(struct buf *out, const char *name, const char *type,
                        const char *help, int64_t value, int64_t parts)
{
    prometheus_begin(out, name, type, help);
    prometheus_add(out, name, NULL, 0, value, parts);
}

void prometheus_add_histogram(struct buf *out, const char *name,
                              const char *help,
                              const struct histogram *histogram, int64_t parts)
{
    char series[120];
    char bound[48];
    int64_t total = 0;
    prometheus_begin(out, name, "histogram", help);
    (void)snprintf(series, sizeof(series), "%s_bucket", name);
    for (size_t i = 0; i <= histogram->bound_count; i++) {
        struct prometheus_label label = {"le", "+Inf"};
        if (i < histogram->bound_count) {
            format_number(histogram->bounds[i], parts, bound, sizeof(bound));
            label.value = bound;
        }
        total +=
            atomic_load_explicit(&histogram->counts[i], memory_order_relaxed);
        prometheus_add(out, series, &label, 1, total, 1);
    }
    (void)snprintf(series, sizeof(series), "%s_sum", name);
    prometheus_add(out, series, NULL, 0,
                   atomic_load_explicit(&histogram->sum, memory_order_relaxed),
                   parts);
    (void)snprintf(series, sizeof(series), "%s_count", name);
    prometheus_add(out, series, NULL, 0, total, 1);
}
