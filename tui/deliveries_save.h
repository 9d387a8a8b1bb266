/* deliveries_save.h - the list of deliveries written to a new file, a slice at
 * a time, one JSON object a line. The main thread. */
#ifndef TUI_DELIVERIES_SAVE_H
#define TUI_DELIVERIES_SAVE_H

#include "base/err.h"
#include "outbox/cursor.h"
#include "outbox/store.h"
#include "tui/save.h"

#include <stdbool.h>
#include <stdint.h>

enum { DELIVERIES_SAVE_NAME_BYTES = 200 };

/* Zeroed: nothing was written. */
struct deliveries_save {
    struct save *file;    /* owned; NULL: nothing is being written */
    struct cursor cursor; /* over what is written */
    int64_t rows;         /* written so far */
    char name[DELIVERIES_SAVE_NAME_BYTES]; /* of the file, cut */
};

/* Begin a file of this name; then begin the cursor. Fails as save_begin(). */
MUST_CHECK bool deliveries_save_begin(struct deliveries_save *save,
                                      const char *path, struct err *err);

/* Write the next slice; behind the last one the file is there whole, and file
 * is NULL. If it fails, the file is removed. */
MUST_CHECK bool deliveries_save_slice(struct deliveries_save *save,
                                      struct store *store, struct err *err);

/* Stop, and remove the file. Fine if nothing is being written. */
void deliveries_save_stop(struct deliveries_save *save);

#endif
