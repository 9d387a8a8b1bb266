#include "cli/options.h"

#include "base/text.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* Longer than any word that a message needs to be understood. */
enum { WORD_BYTES = 80 };

struct found {
    const struct options_row *row; /* NULL: no such option */
    void *settings;
};

/* The word as it can stand in a message. */
static const char *shown(const char *word, char *out)
{
    struct buf buf;
    buf_init(&buf, 8192);
    text_add_printable(&buf, word, strnlen(word, 2048));
    text_copy(out, WORD_BYTES, buf_text(&buf));
    if (buf.length >= WORD_BYTES)
        memcpy(out + WORD_BYTES - 4, "...", 4);
    buf_free(&buf);
    return out;
}

static struct found find(const struct options_group *groups, size_t group_count,
                         const char *name, size_t length, char letter)
{
    for (size_t g = 0; g < group_count; g++) {
        for (size_t r = 0; r < groups[g].count; r++) {
            const struct options_row *row = &groups[g].rows[r];
            bool by_letter = letter != '\0' && row->letter == letter;
            bool by_name = name != NULL && strlen(row->name) == length &&
                           strncmp(row->name, name, length) == 0;
            if (by_letter || by_name)
                return (struct found){row, groups[g].settings};
        }
    }
    return (struct found){NULL, NULL};
}

static void add_choices(const struct options_row *row, char *out, size_t size)
{
    size_t used = 0;
    for (size_t i = 0; row->choices[i] != NULL && used < size; i++)
        used += (size_t)snprintf(out + used, size - used, "%s%s",
                                 i == 0 ? "" : ", ", row->choices[i]);
}

static bool store_integer(const struct options_row *row, const char *value,
                          int64_t *field, struct err *err)
{
    char word[WORD_BYTES];
    if (text_parse_int64(value, row->minimum, row->maximum, field))
        return true;
    return err_set(err, ERR_USAGE,
                   "--%s: '%s' is not a whole number from %" PRId64
                   " to %" PRId64,
                   row->name, shown(value, word), row->minimum, row->maximum);
}

static bool store_duration(const struct options_row *row, const char *value,
                           int64_t *field, struct err *err)
{
    char word[WORD_BYTES];
    int64_t duration_ms;
    if (!text_parse_duration(value, &duration_ms))
        return err_set(err, ERR_USAGE,
                       "--%s: '%s' is not a duration (like 250ms, 30s, 4m, 2h "
                       "or 90d)",
                       row->name, shown(value, word));
    if (duration_ms < row->minimum || duration_ms > row->maximum) {
        char least[32];
        char most[32];
        text_format_duration(row->minimum, least, sizeof(least));
        text_format_duration(row->maximum, most, sizeof(most));
        return err_set(err, ERR_USAGE, "--%s: '%s' is not from %s to %s",
                       row->name, shown(value, word), least, most);
    }
    *field = duration_ms;
    return true;
}

static bool store_choice(const struct options_row *row, const char *value,
                         int *field, struct err *err)
{
    for (int i = 0; row->choices[i] != NULL; i++) {
        if (text_equals(row->choices[i], value)) {
            *field = i;
            return true;
        }
    }
    char word[WORD_BYTES];
    char list[120] = "";
    add_choices(row, list, sizeof(list));
    return err_set(err, ERR_USAGE, "--%s: '%s' is none of: %s", row->name,
                   shown(value, word), list);
}

static bool store_value(const struct found *found, const char *value,
                        struct err *err)
{
    const struct options_row *row = found->row;
    void *field = (char *)found->settings + row->offset;
    switch (row->type) {
    case OPTIONS_FLAG:
        *(bool *)field = true;
        return true;
    case OPTIONS_TEXT:
        *(const char **)field = value;
        return true;
    case OPTIONS_INTEGER:
        return store_integer(row, value, field, err);
    case OPTIONS_DURATION:
        return store_duration(row, value, field, err);
    case OPTIONS_CHOICE:
        return store_choice(row, value, field, err);
    }
    assert(false);
    return false;
}

static bool fail_without_value(const struct options_row *row, const char *word,
                               struct err *err)
{
    char choices[120] = "";
    if (row->choices != NULL)
        add_choices(row, choices, sizeof(choices));
    return err_set(err, ERR_USAGE, "%s needs a value: %s", word,
                   row->choices != NULL ? choices : row->value);
}

/* One option at argv[*at]; moves *at behind it and its value. */
static bool take_option(const struct options_line *line, int *at,
                        const struct options_group *groups, size_t group_count,
                        struct err *err)
{
    const char *word = line->argv[*at];
    char text[WORD_BYTES];
    bool is_long = word[1] == '-';
    size_t name_length = is_long ? strcspn(word + 2, "=") : 1;
    const char *value = word + (is_long ? 2 : 1) + name_length;
    struct found found = find(groups, group_count, is_long ? word + 2 : NULL,
                              name_length, is_long ? '\0' : word[1]);
    if (found.row == NULL)
        return err_set(err, ERR_USAGE, "unknown option '%s'",
                       shown(word, text));

    bool has_value = *value != '\0';
    if (is_long && has_value)
        value++;
    if (found.row->type == OPTIONS_FLAG && has_value)
        return err_set(err, ERR_USAGE, "--%s takes no value ('%s')",
                       found.row->name, shown(word, text));
    (*at)++;
    if (found.row->type != OPTIONS_FLAG && !has_value) {
        if (*at >= line->argc)
            return fail_without_value(found.row, shown(word, text), err);
        value = line->argv[(*at)++];
    }
    return store_value(&found, value, err);
}

bool options_parse(struct options_line *line,
                   const struct options_group *groups, size_t group_count,
                   struct err *err)
{
    bool only_words = false;
    int at = 0;
    line->word_count = 0;
    while (at < line->argc) {
        char *word = line->argv[at];
        bool is_word = only_words || word[0] != '-' || word[1] == '\0';
        if (!is_word && text_equals(word, "--")) {
            only_words = true;
            at++;
        } else if (!is_word) {
            if (!take_option(line, &at, groups, group_count, err))
                return false;
        } else if (line->stop_at_word) {
            break;
        } else {
            line->argv[line->word_count++] = word;
            at++;
        }
    }
    line->used = at;
    return true;
}
