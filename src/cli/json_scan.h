/* json_scan.h - where a JSON value ends, byte by byte, as it comes in.
 *
 * A strict grammar and no tree: it takes what RFC 8259 takes (UTF-8 is not
 * looked at), says at which byte a value ceases to be JSON, and needs no more
 * memory for a longer value. Plain data, one thread. */
#ifndef CLI_JSON_SCAN_H
#define CLI_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/* As many levels as cJSON takes. */
enum { JSON_SCAN_MOST_LEVELS = 1000 };

/* The open brackets, the innermost on top. */
struct json_levels {
    int depth;
    bool is_object[JSON_SCAN_MOST_LEVELS]; /* false: a list */
};

struct json_scan {
    size_t at; /* the next byte to look at */
    int state;
    struct json_levels levels;
};

enum json_scan_result {
    JSON_SCAN_MORE, /* fine so far; call again with more bytes */
    JSON_SCAN_DONE, /* at is one behind the value */
    JSON_SCAN_BAD,  /* at is the byte that cannot be; *reason says why */
};

/* Start with a value whose first byte is at position at. */
void json_scan_begin(struct json_scan *scan, size_t at);

/* Look on through bytes, from scan->at. Call again with a longer length, or
 * with bytes dropped before scan->at and scan->at lessened by as many. is_last:
 * no more bytes will come, and a value that has not ended is bad. *reason is
 * constant text. */
enum json_scan_result json_scan_run(struct json_scan *scan, const char *bytes,
                                    size_t length, bool is_last,
                                    const char **reason);

/* True if a comma inside of an object is what came last. */
bool json_scan_follows_comma(const struct json_scan *scan);

#endif
