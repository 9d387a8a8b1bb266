#include "relay/wake.h"

#include "base/buf.h"
#include "base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <unistd.h>

enum { MOST_PATH_BYTES = 4096 };

/* After a hint, in milliseconds from it. The first look of all, within 2 ms,
 * is the thread's own. */
static const int64_t series_ms[] = {5, 20, 80, 320, 1000, 3000};
enum { SERIES_COUNT = sizeof(series_ms) / sizeof(series_ms[0]) };

/* Without inotify. */
static const int64_t POLL_MS = 1000;

struct wake {
    int epoll;
    int signal;   /* eventfd */
    int notifier; /* inotify; -1: polling */
    char *directory;
    char *database; /* path */
    char *log;      /* path of the -wal */
    const char *log_name;
    size_t database_name_length; /* what the names of its files begin with */
    int token_watch;             /* -1: none */
    int64_t hint_ms;             /* monotonic */
    int next_look;               /* in series_ms; SERIES_COUNT: none */
    int64_t next_poll_ms;
};

static char *path_with(const char *path, const char *suffix)
{
    struct buf buf;
    buf_init(&buf, MOST_PATH_BYTES);
    buf_add_text(&buf, path);
    buf_add_text(&buf, suffix);
    return buf_take(&buf);
}

static void set_paths(struct wake *wake, const char *database_path)
{
    char *real = realpath(database_path, NULL);
    wake->database = mem_copy_text(real != NULL ? real : database_path);
    free(real);
    wake->log = path_with(wake->database, "-wal");
    const char *slash = strrchr(wake->log, '/');
    wake->log_name = slash == NULL ? wake->log : slash + 1;
    wake->database_name_length = strlen(wake->log_name) - strlen("-wal");
    wake->directory =
        slash == NULL
            ? mem_copy_text(".")
            : mem_copy_bytes(wake->log, slash == wake->log
                                            ? 1
                                            : (size_t)(slash - wake->log));
}

static void watch_log(struct wake *wake)
{
    /* It may not be there: the directory tells when it comes. */
    (void)inotify_add_watch(wake->notifier, wake->log, IN_MODIFY);
}

static void watch_files(struct wake *wake)
{
    wake->notifier = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
    if (wake->notifier < 0)
        return;
    bool watched =
        inotify_add_watch(wake->notifier, wake->directory,
                          IN_CREATE | IN_MOVED_TO | IN_MOVED_FROM |
                              IN_DELETE) >= 0 &&
        inotify_add_watch(wake->notifier, wake->database, IN_MODIFY) >= 0;
    if (!watched) {
        (void)close(wake->notifier);
        wake->notifier = -1;
        return;
    }
    watch_log(wake);
}

/* Its directory: an editor, or a mounted secret, puts a new file (or a link
 * elsewhere) in its place. It may be the database's own directory. */
static void watch_token_file(struct wake *wake, const char *token_file)
{
    if (wake->notifier < 0 || token_file == NULL)
        return;
    const char *slash = strrchr(token_file, '/');
    char *directory =
        slash == NULL
            ? mem_copy_text(".")
            : mem_copy_bytes(token_file, (size_t)(slash - token_file) + 1);
    wake->token_watch = inotify_add_watch(
        wake->notifier, directory,
        IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_MASK_ADD);
    free(directory);
}

static bool poll_descriptor(const struct wake *wake, int descriptor)
{
    struct epoll_event event = {.events = EPOLLIN, .data = {.fd = descriptor}};
    return descriptor < 0 ||
           epoll_ctl(wake->epoll, EPOLL_CTL_ADD, descriptor, &event) == 0;
}

/* The database, or one of the files that SQLite and the lock keep beside it. */
static bool is_of_database(const struct wake *wake,
                           const struct inotify_event *event)
{
    static const char *const suffixes[] = {"", "-wal", "-shm", "-journal",
                                           ".lock"};
    size_t length = wake->database_name_length;
    if (event->len == 0 || strncmp(event->name, wake->log_name, length) != 0)
        return false;
    for (size_t i = 0; i < sizeof(suffixes) / sizeof(suffixes[0]); i++) {
        if (strcmp(event->name + length, suffixes[i]) == 0)
            return true;
    }
    return false;
}

static void take_event(struct wake *wake, const struct inotify_event *event,
                       struct wake_news *news)
{
    bool is_log = event->len > 0 && strcmp(event->name, wake->log_name) == 0;
    if (is_log && (event->mask & (IN_CREATE | IN_MOVED_TO)) != 0)
        watch_log(wake);
    if (is_log || (event->mask & (IN_MODIFY | IN_Q_OVERFLOW)) != 0)
        news->hint = true;
    if (event->wd == wake->token_watch && !is_of_database(wake, event))
        news->token_file = true;
    if (is_of_database(wake, event) &&
        event->name[wake->database_name_length] == '\0')
        news->place = true;
}

static void read_notifications(struct wake *wake, struct wake_news *news)
{
    _Alignas(struct inotify_event) char bytes[8 * 1024];
    ssize_t length;
    while ((length = read(wake->notifier, bytes, sizeof(bytes))) > 0) {
        for (ssize_t at = 0; at < length;) {
            const struct inotify_event *event =
                (const struct inotify_event *)(const void *)(bytes + at);
            take_event(wake, event, news);
            at += (ssize_t)(sizeof(*event) + event->len);
        }
    }
}

bool wake_new(const char *database_path, const char *token_file,
              struct wake **wake, struct err *err)
{
    struct wake *made = mem_new(sizeof(*made));
    made->notifier = -1;
    made->token_watch = -1;
    made->next_look = SERIES_COUNT;
    set_paths(made, database_path);
    made->epoll = epoll_create1(EPOLL_CLOEXEC);
    made->signal = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    watch_files(made);
    watch_token_file(made, token_file);
    if (made->epoll < 0 || made->signal < 0 ||
        !poll_descriptor(made, made->signal) ||
        !poll_descriptor(made, made->notifier)) {
        int errnum = errno;
        wake_free(made);
        return err_set_errno(err, errnum, "watching %s", database_path);
    }
    *wake = made;
    return true;
}

void wake_free(struct wake *wake)
{
    if (wake == NULL)
        return;
    if (wake->notifier >= 0)
        (void)close(wake->notifier);
    if (wake->signal >= 0)
        (void)close(wake->signal);
    if (wake->epoll >= 0)
        (void)close(wake->epoll);
    free(wake->directory);
    free(wake->database);
    free(wake->log);
    free(wake);
}

int wake_descriptor(const struct wake *wake)
{
    return wake->epoll;
}

void wake_signal(struct wake *wake)
{
    uint64_t one = 1;
    (void)!write(wake->signal, &one, sizeof(one));
}

void wake_drain(struct wake *wake, int64_t monotonic_ms, struct wake_news *news)
{
    uint64_t count;
    *news = (struct wake_news){.hint = false};
    (void)!read(wake->signal, &count, sizeof(count));
    if (wake->notifier >= 0)
        read_notifications(wake, news);
    if (!news->hint)
        return;
    wake->hint_ms = monotonic_ms;
    wake->next_look = 0;
}

bool wake_take_look(struct wake *wake, int64_t monotonic_ms)
{
    if (wake_time_to_look(wake, monotonic_ms) > 0)
        return false;
    if (wake->notifier < 0)
        wake->next_poll_ms = monotonic_ms + POLL_MS;
    else
        wake->next_look++;
    return true;
}

void wake_look_again(struct wake *wake, int64_t monotonic_ms)
{
    wake->hint_ms = monotonic_ms;
    wake->next_look = SERIES_COUNT - 1;
}

int64_t wake_time_to_look(const struct wake *wake, int64_t monotonic_ms)
{
    int64_t at_ms;
    if (wake->notifier < 0)
        at_ms = wake->next_poll_ms;
    else if (wake->next_look < (int)SERIES_COUNT)
        at_ms = wake->hint_ms + series_ms[wake->next_look];
    else
        return INT64_MAX;
    return at_ms > monotonic_ms ? at_ms - monotonic_ms : 0;
}

bool wake_is_watching(const struct wake *wake)
{
    return wake->notifier >= 0;
}
