#include "event/members_scan.h"

#include "base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum {
    MOST_LEVELS = 16,
    MOST_NUMBER_BYTES = 60,
    MOST_DIGITS = 15, /* a double holds them all */
};

/* One value, or key, between its first byte and the one behind its last. */
struct span {
    const char *start;
    const char *end;
};

struct scan {
    const char *at;
    const char *end;
    const char *escape; /* the next backslash from at on; end: none */
    struct members *members;
    char *texts;       /* where the next text goes */
    struct span taken; /* the text or number taken last … */
    bool has_escape;   /* … a text that has to be decoded */
};

static void skip_space(struct scan *scan)
{
    while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\n' ||
                                    *scan->at == '\r' || *scan->at == '\t'))
        scan->at++;
}

static bool next_is(const struct scan *scan, char byte)
{
    return scan->at < scan->end && *scan->at == byte;
}

static bool take(struct scan *scan, char byte)
{
    if (!next_is(scan, byte))
        return false;
    scan->at++;
    return true;
}

/* The byte, and the space before it. */
static bool take_behind_space(struct scan *scan, char byte)
{
    if (!next_is(scan, byte)) /* nearly always it stands right here */
        skip_space(scan);
    return take(scan, byte);
}

static void find_escape(struct scan *scan, const char *from)
{
    const char *escape = memchr(from, '\\', (size_t)(scan->end - from));
    scan->escape = escape == NULL ? scan->end : escape;
}

/* Where the text ends in which an escape stands before its first quote: at a
 * quote which is none that is escaped. NULL: nowhere, or an escape is none of
 * the short ones. Each byte is looked at once, however many escapes there are.
 */
static const char *find_quote_behind_escapes(struct scan *scan,
                                             const char *quote)
{
    while (quote != NULL && quote > scan->escape) {
        const char *escape = scan->escape;
        if (escape + 1 == scan->end || strchr("\"\\/bfnrt", escape[1]) == NULL)
            return NULL;
        const char *behind = escape + 2;
        find_escape(scan, behind);
        if (quote < behind)
            quote = memchr(behind, '"', (size_t)(scan->end - behind));
    }
    return quote;
}

/* A text. As cJSON it takes control characters for what they are. */
static bool take_text(struct scan *scan)
{
    if (!take(scan, '"'))
        return false;
    const char *start = scan->at;
    const char *quote = memchr(start, '"', (size_t)(scan->end - start));
    scan->has_escape = quote != NULL && quote > scan->escape;
    if (scan->has_escape)
        quote = find_quote_behind_escapes(scan, quote);
    if (quote == NULL)
        return false;
    scan->taken = (struct span){start, quote};
    scan->at = quote + 1;
    return true;
}

static size_t take_digits(struct scan *scan)
{
    const char *start = scan->at;
    while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9')
        scan->at++;
    return (size_t)(scan->at - start);
}

/* As RFC 8259 has it. */
static bool take_number(struct scan *scan)
{
    const char *start = scan->at;
    (void)take(scan, '-');
    bool leads_with_zero = next_is(scan, '0');
    size_t digits = take_digits(scan);
    if (digits == 0 || (leads_with_zero && digits > 1))
        return false;
    if (take(scan, '.') && take_digits(scan) == 0)
        return false;
    if (take(scan, 'e') || take(scan, 'E')) {
        if (!take(scan, '+'))
            (void)take(scan, '-');
        if (take_digits(scan) == 0)
            return false;
    }
    scan->taken = (struct span){start, scan->at};
    return scan->at - start <= MOST_NUMBER_BYTES;
}

static bool take_word(struct scan *scan, const char *word)
{
    size_t length = strlen(word);
    if ((size_t)(scan->end - scan->at) < length ||
        memcmp(scan->at, word, length) != 0)
        return false;
    scan->at += length;
    return true;
}

/* A value that is neither a list nor an object; MEMBER_ABSENT: it is none. */
static enum member_type take_scalar(struct scan *scan)
{
    if (next_is(scan, '"')) /* the most common */
        return take_text(scan) ? MEMBER_TEXT : MEMBER_ABSENT;
    if (scan->at == scan->end)
        return MEMBER_ABSENT;
    switch (*scan->at) {
    case 't':
        return take_word(scan, "true") ? MEMBER_TRUE : MEMBER_ABSENT;
    case 'f':
        return take_word(scan, "false") ? MEMBER_FALSE : MEMBER_ABSENT;
    case 'n':
        return take_word(scan, "null") ? MEMBER_NULL : MEMBER_ABSENT;
    default:
        return take_number(scan) ? MEMBER_NUMBER : MEMBER_ABSENT;
    }
}

/* A key and its colon, and the space around them. */
static bool take_key(struct scan *scan)
{
    skip_space(scan);
    if (!take_text(scan) || !take_behind_space(scan, ':'))
        return false;
    skip_space(scan);
    return true;
}

static bool skip_value(struct scan *scan, int level);

/* Skip what stands between the brackets, the opener taken. */
static bool skip_inside(struct scan *scan, char closer, int level)
{
    if (take_behind_space(scan, closer))
        return true;
    do {
        if (closer == '}' && !take_key(scan))
            return false;
        skip_space(scan);
        if (!skip_value(scan, level))
            return false;
    } while (take_behind_space(scan, ','));
    return take(scan, closer);
}

/* As many levels deep as MOST_LEVELS says, so that the stack has a limit. The
 * space before it has been skipped, as for all that follow. */
static bool skip_value(struct scan *scan, int level)
{
    bool is_list = next_is(scan, '[');
    if (!is_list && !next_is(scan, '{'))
        return take_scalar(scan) != MEMBER_ABSENT;
    scan->at++;
    return level < MOST_LEVELS &&
           skip_inside(scan, is_list ? ']' : '}', level + 1);
}

static bool keep_text(struct scan *scan, struct member_value *value)
{
    if (scan->has_escape)
        return false;
    size_t length = (size_t)(scan->taken.end - scan->taken.start);
    memcpy(scan->texts, scan->taken.start, length);
    scan->texts[length] = '\0';
    value->text = scan->texts;
    scan->texts += length + 1; /* its quotes have left room for the NUL */
    return true;
}

static bool keep_number(const struct scan *scan, struct member_value *value)
{
    int64_t number = 0;
    const char *at = scan->taken.start;
    const char *end = scan->taken.end;
    bool is_negative = *at == '-';
    at += is_negative;
    if (end - at > MOST_DIGITS)
        return false;
    for (; at < end; at++) {
        if (*at < '0' || *at > '9')
            return false;
        number = number * 10 + (*at - '0');
    }
    value->number = (double)(is_negative ? -number : number);
    return true;
}

/* False also for a text with an escape, and for a number that is not whole or
 * has many digits. */
static bool keep_scalar(struct scan *scan, struct member_value *value)
{
    value->type = take_scalar(scan);
    if (value->type == MEMBER_TEXT)
        return keep_text(scan, value);
    if (value->type == MEMBER_NUMBER)
        return keep_number(scan, value);
    return value->type != MEMBER_ABSENT;
}

/* A list's first value, and over the rest. */
static bool keep_list(struct scan *scan, struct member_value *first)
{
    struct scan inside = *scan;
    inside.at++;
    skip_space(&inside);
    bool is_scalar = inside.at < inside.end && !next_is(&inside, '[') &&
                     !next_is(&inside, '{') && !next_is(&inside, ']');
    if (is_scalar && !keep_scalar(&inside, first))
        return false;
    if (next_is(&inside, '['))
        first->type = MEMBER_LIST;
    if (next_is(&inside, '{'))
        first->type = MEMBER_OBJECT;
    scan->texts = inside.texts;
    return skip_value(scan, 0);
}

static bool keep_value(struct scan *scan, enum member member)
{
    struct member_value *value = &scan->members->values[member];
    bool is_list = next_is(scan, '[');
    if (!is_list && !next_is(scan, '{'))
        return keep_scalar(scan, value);
    value->type = is_list ? MEMBER_LIST : MEMBER_OBJECT;
    if (is_list && member == MEMBER_ENTITLEMENT_IDS)
        return keep_list(scan, &scan->members->entitlement);
    return skip_value(scan, 0);
}

/* One bit for each length that a key has. */
#define LENGTH_BIT(name, key) | UINT64_C(1) << (sizeof(key) - 1)
static const uint64_t lengths = 0 MEMBERS(LENGTH_BIT);
#undef LENGTH_BIT

static bool take_event_member(struct scan *scan)
{
    const char *key = scan->taken.start;
    size_t length = (size_t)(scan->taken.end - key);
    if (length >= 64 || (lengths >> length & 1) == 0)
        return skip_value(scan, 0);
    int i = 0;
    while (i < MEMBER_COUNT && member_keys[i].length < length)
        i++;
    for (; i < MEMBER_COUNT && member_keys[i].length == length; i++) {
        if (memcmp(key, member_keys[i].key, length) == 0 &&
            scan->members->values[i].type == MEMBER_ABSENT)
            return keep_value(scan, (enum member)i);
    }
    return skip_value(scan, 0);
}

/* An object whose members take_member takes: their key taken, their value
 * next. */
static bool take_object(struct scan *scan,
                        bool (*take_member)(struct scan *scan))
{
    if (!take(scan, '{'))
        return false;
    if (take_behind_space(scan, '}'))
        return true;
    do {
        if (!take_key(scan) || scan->has_escape || !take_member(scan))
            return false;
    } while (take_behind_space(scan, ','));
    return take(scan, '}');
}

static bool take_top_member(struct scan *scan)
{
    static const char event[] = "event";
    size_t length = sizeof(event) - 1;
    if (scan->members->texts != NULL ||
        (size_t)(scan->taken.end - scan->taken.start) != length ||
        memcmp(scan->taken.start, event, length) != 0)
        return skip_value(scan, 0);
    scan->members->texts = mem_resize(NULL, (size_t)(scan->end - scan->at) + 1);
    scan->texts = scan->members->texts;
    return take_object(scan, take_event_member);
}

bool members_scan(const char *body, size_t length, struct members *members)
{
    struct scan scan = {.at = body, .end = body + length, .members = members};
    *members = (struct members){0};
    if (length == 0 || memchr(body, '\0', length) != NULL)
        return false;
    find_escape(&scan, body);
    skip_space(&scan);
    bool done = take_object(&scan, take_top_member);
    skip_space(&scan);
    if (done && scan.at == scan.end && members->texts != NULL)
        return true;
    free(members->texts);
    *members = (struct members){0};
    return false;
}
