#include "tui/deliveries_save.h"

#include "base/buf.h"
#include "base/json.h"
#include "base/text.h"
#include "outbox/views.h"
#include "outbox/words.h"

enum { SLICE_ROWS = 200, SLICE_BYTES = 16 * 1024 * 1024 };

static void write_row(const struct view_delivery *row, struct buf *out)
{
    struct json json;
    json_begin(&json, out);
    json_open_object(&json);
    words_write_delivery(row, &json);
    json_close(&json);
    buf_add_byte(out, '\n');
}

bool deliveries_save_begin(struct deliveries_save *save, const char *path,
                           struct err *err)
{
    if (!save_begin(path, &save->file, err))
        return false;
    save->rows = 0;
    text_copy(save->name, sizeof(save->name), save_name(save->file));
    return true;
}

static bool write_slice(struct deliveries_save *save, struct store *store,
                        struct err *err)
{
    struct view_delivery rows[SLICE_ROWS];
    int64_t ids[SLICE_ROWS];
    struct buf out;
    int found = 0, count = 0;
    buf_init(&out, SLICE_BYTES);
    bool good =
        cursor_step(store, &save->cursor, ids, SLICE_ROWS, &found, err) &&
        view_read_rows(store, ids, found, rows, &count, err);
    for (int i = 0; i < count; i++) {
        write_row(&rows[i], &out);
        view_delivery_free(&rows[i]);
    }
    save->rows += count;
    good = good && save_write(save->file, &out, err);
    buf_free(&out);
    return good;
}

bool deliveries_save_slice(struct deliveries_save *save, struct store *store,
                           struct err *err)
{
    if (!write_slice(save, store, err)) {
        deliveries_save_stop(save);
        return false;
    }
    if (!save->cursor.done)
        return true;
    struct save *file = save->file;
    save->file = NULL;
    return save_finish(file, err);
}

void deliveries_save_stop(struct deliveries_save *save)
{
    save_drop(save->file);
    save->file = NULL;
}
