#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MOST_SECRET_BYTES = 8 * 1024,
    /* How often to look for a signal while nothing comes; and how long there
     * is after one for what may still come. */
    LOOK_MS = 200,
};

static bool is_to_end(void)
{
    sigset_t pending;
    return sigpending(&pending) == 0 && (sigismember(&pending, SIGTERM) == 1 ||
                                         sigismember(&pending, SIGINT) == 1);
}

/* A pipe may be silent for as long as its writer likes. Who has blocked
 * signals, to read them later, would be held by it for ever. */
static bool wait_for_bytes(int descriptor, const char *path, struct err *err)
{
    struct pollfd waited = {.fd = descriptor, .events = POLLIN};
    bool had_signal;
    int ready;
    do {
        had_signal = is_to_end();
        ready = poll(&waited, 1, LOOK_MS);
    } while (ready == 0 && !had_signal);
    return ready != 0 || err_set(err, ERR_STOPPED,
                                 "%s: nothing came, and then a signal", path);
}

static bool read_all(int descriptor, const char *path, struct buf *contents,
                     struct err *err)
{
    char chunk[16 * 1024];
    for (;;) {
        ssize_t got = read(descriptor, chunk, sizeof(chunk));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0 && errno == EAGAIN) {
            if (!wait_for_bytes(descriptor, path, err))
                return false;
            continue;
        }
        if (got < 0)
            return err_set_errno(err, errno, "%s", path);
        if (got == 0)
            return true;
        buf_add(contents, chunk, (size_t)got);
        if (contents->overflow)
            return err_set(err, ERR_INVALID, "%s: larger than %zu bytes", path,
                           contents->maximum);
    }
}

/* Open a file that is no directory and tell its mode. -1: err is filled.
 * O_NONBLOCK: to open a pipe that nobody writes to would wait for ever; it
 * reads as empty. One that someone writes to is waited for in
 * wait_for_bytes(). */
static int open_file(const char *path, mode_t *mode, struct err *err)
{
    int descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
    if (descriptor < 0) {
        (void)err_set_errno(err, errno, "%s", path);
        return -1;
    }
    struct stat about;
    if (fstat(descriptor, &about) != 0)
        (void)err_set_errno(err, errno, "%s", path);
    else if (S_ISDIR(about.st_mode))
        (void)err_set(err, ERR_INVALID, "%s: is a directory", path);
    else {
        *mode = about.st_mode;
        return descriptor;
    }
    (void)close(descriptor);
    return -1;
}

bool file_read(const char *path, struct buf *contents, struct err *err)
{
    mode_t mode;
    int descriptor = open_file(path, &mode, err);
    if (descriptor < 0)
        return false;
    bool done = read_all(descriptor, path, contents, err);
    (void)close(descriptor);
    return done;
}

bool file_read_private(const char *path, struct buf *contents, struct err *err)
{
    mode_t mode;
    int descriptor = open_file(path, &mode, err);
    if (descriptor < 0)
        return false;
    bool done =
        (mode & S_IROTH) != 0
            ? err_set(err, ERR_INVALID,
                      "%s: readable by others; run: chmod 600 %s", path, path)
            : read_all(descriptor, path, contents, err);
    (void)close(descriptor);
    return done;
}

bool file_read_secret(const char *path, char **secret, struct err *err)
{
    struct buf contents;
    buf_init(&contents, MOST_SECRET_BYTES);
    bool done = file_read_private(path, &contents, err);
    if (done && contents.length > 0 &&
        contents.bytes[contents.length - 1] == '\n')
        contents.bytes[--contents.length] = '\0';
    done = done &&
           file_check_secret(buf_text(&contents), contents.length, path, err);
    if (done)
        *secret = buf_take(&contents);
    buf_free(&contents);
    return done;
}

bool file_check_secret(const char *value, size_t length, const char *source,
                       struct err *err)
{
    if (length == 0)
        return err_set(err, ERR_INVALID, "%s: is empty", source);
    for (size_t i = 0; i < length; i++) {
        if ((unsigned char)value[i] < 0x20 || value[i] == 0x7F)
            return err_set(err, ERR_INVALID,
                           "%s: has a control character at byte %zu (only one "
                           "newline at the end is dropped)",
                           source, i + 1);
    }
    return true;
}
