/* json.h - writing JSON into a buf, and reading it with cJSON at the door.
 *
 * The writer puts commas and quotes where they belong; it never fails: what
 * does not fit shows in the buffer's overflow. Text that is not valid UTF-8 is
 * written with U+FFFD for each bad byte, so that the result is always JSON.
 * One thread a writer. */
#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "base/buf.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cJSON; /* <cjson/cJSON.h>, for those who read the tree */

struct json {
    struct buf *out;  /* borrowed */
    uint64_t closers; /* one bit a level: 1 object, 0 array */
    int depth;        /* at most 63 */
    bool follows;     /* the next item needs a comma before it */
};

/* Start one JSON value at the end of out. */
void json_begin(struct json *json, struct buf *out);

void json_open_object(struct json *json);
void json_open_array(struct json *json);
/* Close the innermost object or array. */
void json_close(struct json *json);

/* The key of the next value; only inside an object. */
void json_key(struct json *json, const char *key);

/* Values. A NULL text is null. A double reads back the same, in any locale
 * (9.99 is 9.99); it is null if it is not finite. raw is one whole JSON value,
 * written as is. */
void json_text(struct json *json, const char *text);
void json_text_bytes(struct json *json, const char *bytes, size_t length);
void json_int64(struct json *json, int64_t number);
void json_double(struct json *json, double number);
void json_bool(struct json *json, bool truth);
void json_null(struct json *json);
void json_raw(struct json *json, const char *raw, size_t length);

/* Shorthands for a key and its value. */
void json_key_text(struct json *json, const char *key, const char *text);
void json_key_int64(struct json *json, const char *key, int64_t number);
void json_key_bool(struct json *json, const char *key, bool truth);
void json_key_null(struct json *json, const char *key);

/* How many bytes from the front can stand in a JSON string as they are: up to a
 * quote, a backslash or a control character. */
size_t json_plain_length(const char *bytes, size_t length);

/* Read one JSON value that is the whole of the bytes (white space around it
 * aside). The tree is owned by the caller (cJSON_Delete). NULL: it is not JSON
 * (or nested deeper than cJSON's 1000 levels); err is ERR_INVALID and says at
 * which byte. */
MUST_CHECK struct cJSON *json_parse(const char *bytes, size_t length,
                                    struct err *err);

/* Copy the text under this key of the object that the bytes are. False (and
 * *out is untouched): not JSON, no object, no text under the key, or it does
 * not fit into size with its NUL. */
bool json_find_text(const char *bytes, size_t length, const char *key,
                    char *out, size_t size);

#endif
