#include "outbox/filter.h"

#include "base/text.h"
#include "event/catalog.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

enum { WORD_BYTES = 512, SHOWN_BYTES = 40 };

static const char *const states[] = {"pending", "sending", "delivered",
                                     "failed",  "skipped", "discarded"};

enum { STATE_COUNT = sizeof(states) / sizeof(states[0]) };

/* One word without its quotes. */
struct word {
    char text[WORD_BYTES];
    bool is_quoted; /* from its first byte on */
};

/* --- the values of the keys ---------------------------------------------- */

static bool read_state(const char *value, struct filter *filter,
                       struct err *err)
{
    for (size_t i = 0; i < STATE_COUNT; i++) {
        if (text_equals(value, states[i])) {
            filter->state = states[i];
            return true;
        }
    }
    return err_set(err, ERR_USAGE,
                   "'state:%.*s': a state is pending, sending, delivered, "
                   "failed, skipped or discarded",
                   SHOWN_BYTES, value);
}

static bool read_event(const char *value, struct filter *filter,
                       struct err *err)
{
    enum event_kind kind = catalog_find_kind(value);
    if (kind != KIND_NONE)
        filter->kind = catalog_word(kind);
    else if (text_equals(value, "none"))
        filter->kind = "";
    else
        return err_set(err, ERR_USAGE,
                       "'event:%.*s': an event is one of those that `names` "
                       "lists, like renewal or trial_started, or none",
                       SHOWN_BYTES, value);
    return true;
}

/* Copy a value that is neither empty nor too long. */
static bool copy_value(const char *key, const char *value, char *out,
                       size_t size, struct err *err)
{
    if (*value == '\0')
        return err_set(err, ERR_USAGE, "'%s:': what follows it is missing",
                       key);
    if (strlen(value) >= size)
        return err_set(err, ERR_USAGE, "'%s:%.*s...': it is too long", key,
                       SHOWN_BYTES, value);
    memcpy(out, value, strlen(value) + 1);
    return true;
}

static bool read_user(const char *value, struct filter *filter, struct err *err)
{
    return copy_value("user", value, filter->user, sizeof(filter->user), err);
}

static bool read_reason(const char *value, struct filter *filter,
                        struct err *err)
{
    return copy_value("reason", value, filter->reason, sizeof(filter->reason),
                      err);
}

/* 422, or 5xx for a hundred of them. */
static bool read_code(const char *value, struct filter *filter, struct err *err)
{
    int64_t code;
    if (strlen(value) == 3 && value[0] >= '1' && value[0] <= '5' &&
        text_equals(value + 1, "xx")) {
        filter->code_from = (value[0] - '0') * 100;
        filter->code_to = filter->code_from + 99;
        return true;
    }
    if (!text_parse_int64(value, 100, 599, &code))
        return err_set(err, ERR_USAGE,
                       "'code:%.*s': a code is an HTTP status, like 422 or "
                       "5xx",
                       SHOWN_BYTES, value);
    filter->code_from = (int)code;
    filter->code_to = (int)code;
    return true;
}

static bool read_age(const char *value, struct filter *filter, struct err *err)
{
    int64_t age_ms;
    if ((*value != '<' && *value != '>') ||
        !text_parse_duration(value + 1, &age_ms))
        return err_set(err, ERR_USAGE,
                       "'age:%.*s': an age is age:<2h (younger) or age:>1d "
                       "(older), in s, m, h or d",
                       SHOWN_BYTES, value);
    if (*value == '<')
        filter->younger_ms = age_ms;
    else
        filter->older_ms = age_ms;
    return true;
}

/* An end of a range of ids; "" leaves it open. */
static bool read_id_end(const char *text, int64_t *id)
{
    return *text == '\0' || text_parse_int64(text, 1, INT64_MAX, id);
}

static bool read_ids(const char *value, struct filter *filter)
{
    char from[WORD_BYTES];
    const char *dots = strstr(value, "..");
    if (dots == NULL) {
        if (!text_parse_int64(value, 1, INT64_MAX, &filter->id_from))
            return false;
        filter->id_to = filter->id_from;
        return true;
    }
    (void)snprintf(from, sizeof(from), "%.*s", (int)(dots - value), value);
    return strlen(value) > 2 && read_id_end(from, &filter->id_from) &&
           read_id_end(dots + 2, &filter->id_to) &&
           filter->id_from <= filter->id_to;
}

static bool read_id(const char *value, struct filter *filter, struct err *err)
{
    if (read_ids(value, filter))
        return true;
    return err_set(err, ERR_USAGE,
                   "'id:%.*s': ids are id:41, id:10..20, id:10.. or id:..20",
                   SHOWN_BYTES, value);
}

/* --- the keys ------------------------------------------------------------ */

static const struct filter_key keys[] = {
    {"state", "state:WORD",
     "pending, sending, delivered, failed, skipped or discarded"},
    {"event", "event:EVENT",
     "renewal, trial_started ... as `names` lists them; none: without one"},
    {"user", "user:ID", "the deliveries of one user"},
    {"code", "code:STATUS",
     "the last HTTP status: 422; 5xx for all of 500-599"},
    {"reason", "reason:WORD", "why it is where it is: name_archived ..."},
    {"age", "age:<2h, age:>1d", "arrived less, or more, than so long ago"},
    {"id", "id:10..20", "a range of ids; id:41 is one"},
};

enum { KEY_COUNT = sizeof(keys) / sizeof(keys[0]) };

/* In the order of keys[]. */
static bool (*const readers[KEY_COUNT])(const char *value,
                                        struct filter *filter,
                                        struct err *err) = {
    read_state,  read_event, read_user, read_code,
    read_reason, read_age,   read_id,
};

/* What stands before the first colon, where it looks like a key: small letters
 * alone. 0: nothing does, it is text. */
static size_t key_length(const char *word)
{
    size_t length = strspn(word, "abcdefghijklmnopqrstuvwxyz");
    return word[length] == ':' ? length : 0;
}

static bool find_key(const char *word, size_t length, size_t *key,
                     struct err *err)
{
    for (*key = 0; *key < KEY_COUNT; (*key)++) {
        if (strlen(keys[*key].name) == length &&
            memcmp(keys[*key].name, word, length) == 0)
            return true;
    }
    return err_set(err, ERR_USAGE,
                   "'%.*s': no such word; there are state: event: user: code: "
                   "reason: age: id:, and text in double quotes",
                   SHOWN_BYTES, word);
}

/* A young and an old end of an age go together; all else stands once. */
static bool check_once(const char *word, size_t key, const char *value,
                       unsigned *seen, struct err *err)
{
    size_t bit = key + (text_equals(keys[key].name, "age") && *value == '>'
                            ? (size_t)KEY_COUNT
                            : 0);
    if ((*seen & 1U << bit) != 0)
        return err_set(err, ERR_USAGE,
                       "'%.*s': '%s:' stands here twice, and words combine "
                       "with AND",
                       SHOWN_BYTES, word, keys[key].name);
    *seen |= 1U << bit;
    return true;
}

static bool add_text(const char *text, struct filter *filter, struct err *err)
{
    if (strlen(text) >= FILTER_TEXT_BYTES)
        return err_set(err, ERR_USAGE, "'%.*s...': it is too long", SHOWN_BYTES,
                       text);
    if (filter->text_count == FILTER_MOST_TEXTS)
        return err_set(err, ERR_USAGE,
                       "'%.*s': more than %d words of text; put them in double "
                       "quotes",
                       SHOWN_BYTES, text, FILTER_MOST_TEXTS);
    char *copy = filter->texts[filter->text_count++];
    for (; *text != '\0'; text++)
        *copy++ = (char)tolower((unsigned char)*text);
    *copy = '\0';
    return true;
}

static bool add_word(const struct word *word, struct filter *filter,
                     unsigned *seen, struct err *err)
{
    size_t length = word->is_quoted ? 0 : key_length(word->text);
    size_t key;
    if (length == 0)
        return add_text(word->text, filter, err);
    const char *value = word->text + length + 1;
    return find_key(word->text, length, &key, err) &&
           check_once(word->text, key, value, seen, err) &&
           readers[key](value, filter, err);
}

/* --- words --------------------------------------------------------------- */

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n';
}

/* Take the word that begins at *at off the text; *at moves behind it. */
static bool take_word(const char *text, size_t *at, struct word *word,
                      struct err *err)
{
    size_t length = 0;
    bool in_quotes = false;
    word->is_quoted = text[*at] == '"';
    for (; text[*at] != '\0' && (in_quotes || !is_blank(text[*at])); (*at)++) {
        bool is_quote = text[*at] == '"';
        bool is_doubled = in_quotes && is_quote && text[*at + 1] == '"';
        *at += is_doubled;
        if (is_quote && !is_doubled)
            in_quotes = !in_quotes;
        else if (length + 1 < WORD_BYTES)
            word->text[length++] = text[*at];
        else
            return err_set(err, ERR_USAGE, "'%.*s...': it is too long",
                           SHOWN_BYTES, word->text);
    }
    word->text[length] = '\0';
    return !in_quotes || err_set(err, ERR_USAGE,
                                 "'%.*s': the closing double quote is missing",
                                 SHOWN_BYTES, word->text);
}

bool filter_parse(const char *text, struct filter *filter,
                  struct filter_place *place, struct err *err)
{
    struct word word;
    unsigned seen = 0;
    size_t at = 0;
    *filter = (struct filter){
        .younger_ms = -1, .older_ms = -1, .id_from = 1, .id_to = INT64_MAX};
    for (;;) {
        while (is_blank(text[at]))
            at++;
        if (text[at] == '\0')
            return true;
        *place = (struct filter_place){.at = at};
        bool good = take_word(text, &at, &word, err) &&
                    add_word(&word, filter, &seen, err);
        place->length = at - place->at;
        if (!good)
            return false;
    }
}

/* --- matching ------------------------------------------------------------ */

/* True if text holds the word, which is in lower case. */
static bool holds(const char *text, const char *word)
{
    size_t length = strlen(word);
    for (; text != NULL && *text != '\0'; text++) {
        size_t i = 0;
        while (i < length &&
               tolower((unsigned char)text[i]) == (unsigned char)word[i])
            i++;
        if (i == length)
            return true;
    }
    return length == 0;
}

static bool matches_texts(const struct filter *filter,
                          const struct filter_row *row)
{
    for (size_t i = 0; i < filter->text_count; i++) {
        if (!holds(row->result, filter->texts[i]) &&
            !holds(row->reason, filter->texts[i]))
            return false;
    }
    return true;
}

static bool matches_age(const struct filter *filter,
                        const struct filter_row *row, int64_t now_ms)
{
    int64_t age_ms = now_ms - row->arrived_ms;
    return (filter->younger_ms < 0 || age_ms < filter->younger_ms) &&
           (filter->older_ms < 0 || age_ms > filter->older_ms);
}

bool filter_matches(const struct filter *filter, const struct filter_row *row,
                    int64_t now_ms)
{
    const char *kind = row->kind == NULL ? "" : row->kind;
    return row->id >= filter->id_from && row->id <= filter->id_to &&
           (filter->state == NULL || text_equals(row->state, filter->state)) &&
           (filter->kind == NULL || text_equals(kind, filter->kind)) &&
           (*filter->user == '\0' || text_equals(row->lane, filter->user)) &&
           (*filter->reason == '\0' ||
            text_equals(row->reason, filter->reason)) &&
           (filter->code_from == 0 || (row->status >= filter->code_from &&
                                       row->status <= filter->code_to)) &&
           matches_age(filter, row, now_ms) && matches_texts(filter, row);
}

bool filter_is_state_only(const struct filter *filter)
{
    return filter->kind == NULL && *filter->user == '\0' &&
           *filter->reason == '\0' && filter->code_from == 0 &&
           filter->younger_ms < 0 && filter->older_ms < 0 &&
           filter->id_from == 1 && filter->id_to == INT64_MAX &&
           filter->text_count == 0;
}

const char *const *filter_states(size_t *count)
{
    *count = STATE_COUNT;
    return states;
}

const struct filter_key *filter_keys(size_t *count)
{
    *count = KEY_COUNT;
    return keys;
}
