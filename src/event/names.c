#include "event/names.h"

#include "base/text.h"

#include <assert.h>
#include <stdint.h>
#include <string.h>

/* Upper case letters whose lower case one is `distance` further on. step 2:
 * every second letter of the range is upper case. Two-byte UTF-8 only, that
 * is Latin, Greek and Cyrillic: elsewhere bytes are compared as they are. */
static const struct {
    uint32_t first;
    uint32_t last;
    uint32_t step;
    uint32_t distance;
} upper_cases[] = {
    {'A', 'Z', 1, 32},       {0x00C0, 0x00D6, 1, 32}, {0x00D8, 0x00DE, 1, 32},
    {0x0100, 0x012E, 2, 1},  {0x0132, 0x0136, 2, 1},  {0x0139, 0x0147, 2, 1},
    {0x014A, 0x0176, 2, 1},  {0x0179, 0x017D, 2, 1},  {0x0391, 0x03A1, 1, 32},
    {0x03A3, 0x03AB, 1, 32}, {0x0400, 0x040F, 1, 80}, {0x0410, 0x042F, 1, 32},
    {0x0460, 0x0480, 2, 1},  {0x048A, 0x04BE, 2, 1},
};

static uint32_t fold_character(uint32_t character)
{
    if (character == '.' || character == '$')
        return '-';
    for (size_t i = 0; i < sizeof(upper_cases) / sizeof(upper_cases[0]); i++) {
        if (character >= upper_cases[i].first &&
            character <= upper_cases[i].last &&
            (character - upper_cases[i].first) % upper_cases[i].step == 0)
            return character + upper_cases[i].distance;
    }
    return character;
}

/* Take one folded unit off the front of the text: a character of one or two
 * bytes, or a byte of a longer one. 0 at the end. */
static uint32_t take_folded(const char **text)
{
    unsigned char first = (unsigned char)(*text)[0];
    if (first == '\0')
        return 0;
    (*text)++;
    if (first < 0x80)
        return fold_character(first);
    unsigned char second = (unsigned char)(*text)[0];
    if (first < 0xC2 || first > 0xDF || (second & 0xC0) != 0x80)
        return UINT32_C(0x10000) + first;
    (*text)++;
    return fold_character((first & 0x1FU) << 6 | (second & 0x3FU));
}

/* C0, DEL, and C1 as UTF-8 has it (0xC2 0x80 to 0x9F). */
static bool has_control_character(const char *text, size_t length)
{
    for (size_t i = 0; i < length; i++) {
        unsigned char byte = (unsigned char)text[i];
        if (byte < 0x20 || byte == 0x7F)
            return true;
        if (byte == 0xC2 && i + 1 < length && (unsigned char)text[i + 1] < 0xA0)
            return true;
    }
    return false;
}

static bool check_name(const char *name, size_t length, struct err *err)
{
    if (length > NAME_MOST_BYTES)
        return err_set(err, ERR_INVALID, "the name is longer than %d bytes",
                       NAME_MOST_BYTES);
    if (!text_is_utf8(name, length))
        return err_set(err, ERR_INVALID, "the name is not valid UTF-8");
    if (has_control_character(name, length))
        return err_set(err, ERR_INVALID, "the name has a control character");
    return true;
}

static bool check_unique(const struct names *names, enum event_kind kind,
                         const char *name, struct err *err)
{
    for (int other = KIND_NONE + 1; other < KIND_COUNT; other++) {
        if (other != (int)kind && names_are_same(names->name[other], name))
            return err_set(err, ERR_INVALID,
                           "%s has that name already (\"%s\"): Intercom "
                           "could not tell them apart",
                           catalog_word((enum event_kind)other),
                           names->name[other]);
    }
    return true;
}

void names_init(struct names *names)
{
    *names = (struct names){0};
    for (int kind = KIND_NONE + 1; kind < KIND_COUNT; kind++)
        text_copy(names->name[kind], sizeof(names->name[kind]),
                  catalog_kind((enum event_kind)kind)->default_name);
}

bool names_set(struct names *names, enum event_kind kind, const char *name,
               struct err *err)
{
    assert(kind > KIND_NONE && kind < KIND_COUNT);
    name += strspn(name, " ");
    size_t length = strlen(name);
    while (length > 0 && name[length - 1] == ' ')
        length--;
    if (length == 0) {
        name = catalog_kind(kind)->default_name;
        length = strlen(name);
    }
    if (!check_name(name, length, err))
        return false;

    char trimmed[NAME_MOST_BYTES + 1];
    memcpy(trimmed, name, length);
    trimmed[length] = '\0';
    if (!check_unique(names, kind, trimmed, err))
        return false;
    memcpy(names->name[kind], trimmed, length + 1);
    return true;
}

bool names_are_same(const char *a, const char *b)
{
    for (;;) {
        uint32_t of_a = take_folded(&a);
        uint32_t of_b = take_folded(&b);
        if (of_a != of_b)
            return false;
        if (of_a == 0)
            return true;
    }
}
