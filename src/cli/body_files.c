#include "cli/body_files.h"

#include "base/mem.h"
#include "base/text.h"
#include "outbox/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

struct body_files {
    const char *const *paths;
    size_t count;
    const char *database;
    size_t next;           /* the next path to open */
    const char *name;      /* of the open file */
    int descriptor;        /* owned, unless it is the standard input; -1 */
    struct bodies *bodies; /* of the open file; NULL: none is open */
    void (*on_wait)(void *context);
    void *wait_context;
};

static const char *const standard_input[] = {"-"};

static bool open_next(struct body_files *files, struct err *err)
{
    const char *path = files->paths[files->next++];
    bool is_input = text_equals(path, "-");
    files->name = is_input ? BODY_FILES_INPUT : path;
    if (files->database != NULL &&
        store_owns_file(files->database, is_input ? NULL : path))
        return err_set(err, ERR_INVALID, "%s: is the database itself",
                       files->name);
    int descriptor = STDIN_FILENO;
    if (!is_input) {
        descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
        if (descriptor < 0)
            return err_set_errno(err, errno, "%s", path);
    }
    files->descriptor = is_input ? -1 : descriptor;
    files->bodies = bodies_new(descriptor);
    bodies_on_wait(files->bodies, files->on_wait, files->wait_context);
    return true;
}

static void close_file(struct body_files *files)
{
    bodies_free(files->bodies);
    files->bodies = NULL;
    if (files->descriptor >= 0)
        (void)close(files->descriptor);
    files->descriptor = -1;
}

struct body_files *body_files_new(const char *const *paths, size_t count,
                                  const char *database)
{
    struct body_files *files = mem_new(sizeof(*files));
    files->paths = count == 0 ? standard_input : paths;
    files->count = count == 0 ? 1 : count;
    files->database = database;
    files->descriptor = -1;
    return files;
}

void body_files_free(struct body_files *files)
{
    if (files == NULL)
        return;
    close_file(files);
    free(files);
}

void body_files_on_wait(struct body_files *files,
                        void (*function)(void *context), void *context)
{
    files->on_wait = function;
    files->wait_context = context;
}

enum bodies_result body_files_next(struct body_files *files, struct body *body,
                                   struct err *err)
{
    *body = (struct body){0};
    for (;;) {
        if (files->bodies == NULL && files->next == files->count)
            return BODIES_END;
        if (files->bodies == NULL && !open_next(files, err))
            return BODIES_UNREADABLE;
        struct err about = {0};
        enum bodies_result result = bodies_next(files->bodies, body, &about);
        body->file = files->name;
        if (result == BODIES_REFUSED)
            (void)err_set(err, about.code, "%s", about.text);
        if (result == BODIES_UNREADABLE)
            (void)err_set(err, about.code, "%s: %s", files->name, about.text);
        if (result == BODIES_ONE || result == BODIES_REFUSED)
            return result;
        close_file(files);
        if (result == BODIES_UNREADABLE)
            return result;
    }
}
