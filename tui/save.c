#include "tui/save.h"

#include "base/mem.h"
#include "base/text.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct save {
    int descriptor;
    char name[PATH_MAX];
};

static bool choose_name(const char *name, char *out, struct err *err)
{
    const char *home = getenv("HOME");
    bool is_home = text_has_prefix(name, "~/") && home != NULL;
    int length = snprintf(out, PATH_MAX, "%s%s", is_home ? home : "",
                          is_home ? name + 1 : name);
    if (*name == '\0')
        return err_set(err, ERR_INVALID, "the name of the file is empty");
    if (length >= PATH_MAX)
        return err_set(err, ERR_INVALID, "the name of the file is too long");
    return true;
}

bool save_begin(const char *name, struct save **save, struct err *err)
{
    struct save *made = mem_new(sizeof(*made));
    *save = NULL;
    if (!choose_name(name, made->name, err)) {
        free(made);
        return false;
    }
    made->descriptor =
        open(made->name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (made->descriptor < 0) {
        (void)(errno == EEXIST
                   ? err_set(err, ERR_INVALID,
                             "%.150s exists: choose another name", made->name)
                   : err_set_errno(err, errno, "%.150s", made->name));
        free(made);
        return false;
    }
    *save = made;
    return true;
}

bool save_write(struct save *save, struct buf *bytes, struct err *err)
{
    const char *at = bytes->bytes;
    size_t left = bytes->length;
    while (left > 0) {
        ssize_t wrote = write(save->descriptor, at, left);
        if (wrote < 0 && errno == EINTR)
            continue;
        if (wrote < 0)
            return err_set_errno(err, errno, "%.150s", save->name);
        at += wrote;
        left -= (size_t)wrote;
    }
    buf_clear(bytes);
    return true;
}

bool save_finish(struct save *save, struct err *err)
{
    if (fsync(save->descriptor) != 0 && errno != EINVAL && errno != EROFS) {
        (void)err_set_errno(err, errno, "%.150s", save->name);
        save_drop(save);
        return false;
    }
    (void)close(save->descriptor);
    free(save);
    return true;
}

void save_drop(struct save *save)
{
    if (save == NULL)
        return;
    (void)close(save->descriptor);
    (void)unlink(save->name);
    free(save);
}

const char *save_name(const struct save *save)
{
    return save->name;
}
