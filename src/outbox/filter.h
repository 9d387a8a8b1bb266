/* filter.h - words that choose deliveries, the same in the CLI and the
 * console.
 *
 *     state:failed age:<2h event:renewal user:u12 code:422
 *     reason:name_archived id:10..20 text
 *
 * Words combine with AND. What stands in double quotes is one word, blanks and
 * all, and a doubled quote in it is a quote: user:"Ana B"; quoted from its
 * first byte on, it is text. A word without a key is text: the last result or
 * the reason contains it, whatever the case of ASCII letters. Plain data; pure.
 * Any thread. */
#ifndef OUTBOX_FILTER_H
#define OUTBOX_FILTER_H

#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
    FILTER_MOST_TEXTS = 4,
    FILTER_TEXT_BYTES = 128,
    FILTER_USER_BYTES = 404, /* 100 characters of UTF-8 */
    FILTER_REASON_BYTES = 64,
};

struct filter {
    const char *state; /* constant text; NULL: any */
    const char *kind;  /* constant text; "": no data event; NULL: any */
    char user[FILTER_USER_BYTES];     /* "": any */
    char reason[FILTER_REASON_BYTES]; /* "": any */
    int code_from, code_to;           /* of the last HTTP status; 0: any */
    int64_t younger_ms;               /* age below this; -1: any */
    int64_t older_ms;                 /* age above this; -1: any */
    int64_t id_from, id_to;           /* 1 and INT64_MAX: any */
    char texts[FILTER_MOST_TEXTS][FILTER_TEXT_BYTES]; /* lower case */
    size_t text_count;
};

/* The word that an error is about: bytes of the text that was parsed. */
struct filter_place {
    size_t at;
    size_t length;
};

/* Read a filter; text without a word chooses all. Fails with ERR_USAGE: err
 * names the word and says what it may be, *place is where it stands. */
MUST_CHECK bool filter_parse(const char *text, struct filter *filter,
                             struct filter_place *place, struct err *err);

/* A delivery, as far as filters look at it. Texts are borrowed; NULL is as in
 * the database. */
struct filter_row {
    int64_t id;
    const char *state;
    const char *kind;
    const char *lane;
    const char *reason;
    const char *result;
    int status; /* 0: none */
    int64_t arrived_ms;
};

/* True if the filter chooses the row; ages are counted at now_ms. */
bool filter_matches(const struct filter *filter, const struct filter_row *row,
                    int64_t now_ms);

/* True if it chooses all deliveries of a state, or (state NULL) all there
 * are. */
bool filter_is_state_only(const struct filter *filter);

/* The states in the order in which they are told; *count of them. Constant. */
const char *const *filter_states(size_t *count);

/* What may stand before a colon, for help texts. */
struct filter_key {
    const char *name;    /* "state" */
    const char *form;    /* "state:WORD" */
    const char *meaning; /* what it chooses */
};
const struct filter_key *filter_keys(size_t *count);

#endif
