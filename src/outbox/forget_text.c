#include "outbox/forget_text.h"

#include "outbox/query.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_TEXT_BYTES = 8 * 1024 * 1024 };

/* What ids are made of; letters outside ASCII are parts of words, too. */
static bool is_of_word(char byte)
{
    return isalnum((unsigned char)byte) || (unsigned char)byte >= 0x80 ||
           (byte != '\0' && strchr("_-.@$+", byte) != NULL);
}

void forget_text_replace(const char *text, const char *user, struct buf *out)
{
    size_t length = strlen(user);
    const char *from = text;
    const char *at = text;
    while ((at = strstr(at, user)) != NULL) {
        bool begins = at == text || !is_of_word(at[-1]) || !is_of_word(*user);
        bool ends = !is_of_word(at[length]) || !is_of_word(user[length - 1]);
        if (!begins || !ends) {
            at++;
            continue;
        }
        buf_add(out, from, (size_t)(at - from));
        buf_add_text(out, FORGET_TEXT_INSTEAD);
        at += length;
        from = at;
    }
    buf_add_text(out, from);
}

static bool write_text(struct store *store, int64_t id, const char *text,
                       struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_FORGET_TEXT);
    query_bind_text(&query, "text", text);
    query_bind_int64(&query, "id", id);
    return query_run(&query, err);
}

/* The next operation that may name the user; *id is 0 if there is none. */
static bool erase_next(struct store *store, const char *user, int64_t *id,
                       struct err *err)
{
    struct query query;
    query_open(&query, store, QUERY_FORGET_TEXTS);
    query_bind_int64(&query, "after", *id);
    query_bind_text(&query, "user", user);
    *id = 0;
    enum query_step step = query_next(&query, err);
    if (step != QUERY_ROW)
        return step == QUERY_END;
    *id = query_int64(&query, 0);
    char *text = query_text(&query, 1);
    query_close(&query);
    struct buf changed;
    buf_init(&changed, MOST_TEXT_BYTES);
    forget_text_replace(text, user, &changed);
    bool good = write_text(store, *id, buf_text(&changed), err);
    buf_free(&changed);
    free(text);
    return good;
}

static bool erase_from_destination(struct store *store, const char *user,
                                   struct err *err)
{
    static const char *const names[] = {"hold", "breaker", "pause"};
    char *texts[3] = {NULL};
    struct buf changed[3];
    struct query query;
    query_open(&query, store, QUERY_FORGET_DESTINATION);
    if (!query_first(&query, err))
        return false;
    for (int i = 0; i < 3; i++)
        texts[i] = query_text(&query, i);
    query_close(&query);
    query_open(&query, store, QUERY_FORGET_DESTINATION_TEXTS);
    for (int i = 0; i < 3; i++) {
        buf_init(&changed[i], MOST_TEXT_BYTES);
        if (texts[i] != NULL)
            forget_text_replace(texts[i], user, &changed[i]);
        query_bind_text(&query, names[i],
                        texts[i] == NULL ? NULL : buf_text(&changed[i]));
    }
    bool good = query_run(&query, err);
    for (int i = 0; i < 3; i++) {
        buf_free(&changed[i]);
        free(texts[i]);
    }
    return good;
}

bool forget_text_erase_all(struct store *store, const char *user,
                           struct err *err)
{
    int64_t id = 0;
    do {
        if (!erase_next(store, user, &id, err))
            return false;
    } while (id != 0);
    return erase_from_destination(store, user, err);
}
