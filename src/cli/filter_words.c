#include "cli/filter_words.h"

enum { WORDS_BYTES = 65536 };

void filter_words_join(const struct command_call *call, struct buf *out)
{
    buf_init(out, WORDS_BYTES);
    for (int i = 0; i < call->word_count; i++) {
        if (i > 0)
            buf_add_byte(out, ' ');
        buf_add_text(out, call->words[i]);
    }
}

bool filter_words_read(const struct command_call *call, struct filter *filter,
                       struct err *err)
{
    struct buf text;
    struct filter_place place;
    filter_words_join(call, &text);
    bool good = !text.overflow
                    ? filter_parse(buf_text(&text), filter, &place, err)
                    : err_set(err, ERR_USAGE, "the filter is too long");
    buf_free(&text);
    return good;
}
