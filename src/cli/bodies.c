#include "cli/bodies.h"

#include "base/mem.h"
#include "cli/json_scan.h"
#include "cli/resync.h"
#include "event/event.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CHUNK_BYTES = 64 * 1024 };

struct bodies {
    int descriptor;
    void (*on_wait)(void *context); /* NULL: nobody wants to know */
    void *wait_context;
    char *bytes;
    size_t capacity;
    size_t start; /* what is before is done with */
    size_t end;   /* what is behind is not read yet */
    bool is_last; /* the stream has ended */

    int64_t line;       /* of the byte at start */
    int64_t indent;     /* blanks at the front of that line */
    bool is_in_indent;  /* only blanks of that line are before start */
    size_t body_length; /* of the body handed out, still at start */
    bool is_past_mark;  /* the byte order mark was looked for */
    bool is_resyncing;  /* behind a bad value */
    bool is_in_list;    /* behind [ */
    int64_t list_line;  /* where that is */

    struct json_scan scan;
    struct resync resync;
};

/* Where the value at the front begins. */
struct origin {
    int64_t line;
    int64_t indent;
    bool is_object;
    bool is_too_large; /* its front was dropped */
};

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\n' || byte == '\r' || byte == '\t';
}

static size_t count_left(const struct bodies *bodies)
{
    return bodies->end - bodies->start;
}

static const char *front_of(const struct bodies *bodies)
{
    return bodies->bytes + bodies->start;
}

/* Be done with length bytes more, and keep line and indent. */
static void consume(struct bodies *bodies, size_t length)
{
    const char *at = front_of(bodies);
    const char *end = at + length;
    const char *newline;
    while ((newline = memchr(at, '\n', (size_t)(end - at))) != NULL) {
        bodies->line++;
        bodies->indent = 0;
        bodies->is_in_indent = true;
        at = newline + 1;
    }
    for (; at < end && bodies->is_in_indent; at++) {
        bodies->is_in_indent = is_blank(*at);
        bodies->indent += bodies->is_in_indent ? 1 : 0;
    }
    bodies->start += length;
}

/* Make room for a chunk behind what is left. */
static void make_room(struct bodies *bodies)
{
    size_t left = count_left(bodies);
    if (left > 0)
        memmove(bodies->bytes, front_of(bodies), left);
    bodies->start = 0;
    bodies->end = left;
    if (bodies->capacity - left >= CHUNK_BYTES)
        return;
    bodies->capacity *= 2;
    bodies->bytes = mem_resize(bodies->bytes, bodies->capacity);
}

static void tell_wait(const struct bodies *bodies)
{
    struct pollfd input = {.fd = bodies->descriptor, .events = POLLIN};
    if (bodies->on_wait != NULL && poll(&input, 1, 0) == 0)
        bodies->on_wait(bodies->wait_context);
}

/* Read more behind what is left, which is at most EVENT_MOST_BYTES and some.
 * Positions relative to the front stay as they are. At the end of the stream
 * is_last is set. False: the system refused. */
static bool read_more(struct bodies *bodies, struct err *err)
{
    if (bodies->end == bodies->capacity || bodies->start == bodies->end)
        make_room(bodies);
    tell_wait(bodies);
    for (;;) {
        ssize_t got = read(bodies->descriptor, bodies->bytes + bodies->end,
                           bodies->capacity - bodies->end);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return err_set_errno(err, errno, "cannot read");
        bodies->end += (size_t)got;
        bodies->is_last = got == 0;
        return true;
    }
}

/* Drop a byte order mark at the very front. */
static bool pass_mark(struct bodies *bodies, struct err *err)
{
    static const char mark[] = {'\xEF', '\xBB', '\xBF'};
    while (count_left(bodies) < sizeof(mark) && !bodies->is_last) {
        bool may_be_mark =
            memcmp(front_of(bodies), mark, count_left(bodies)) == 0;
        if (!may_be_mark)
            break;
        if (!read_more(bodies, err))
            return false;
    }
    bodies->is_past_mark = true;
    if (count_left(bodies) >= sizeof(mark) &&
        memcmp(front_of(bodies), mark, sizeof(mark)) == 0)
        bodies->start += sizeof(mark);
    return true;
}

/* Drop what the bad value took. */
static bool pass_bad(struct bodies *bodies, struct err *err)
{
    while (bodies->is_resyncing) {
        size_t used = count_left(bodies);
        bool found = resync_run(&bodies->resync, front_of(bodies), used, &used);
        consume(bodies, used);
        bodies->is_resyncing = !found && !bodies->is_last;
        if (bodies->is_resyncing && !read_more(bodies, err))
            return false;
    }
    return true;
}

/* Drop blanks and commas; the next byte is at the front, or there is none. */
static bool pass_between(struct bodies *bodies, struct err *err)
{
    for (;;) {
        size_t used = 0;
        size_t left = count_left(bodies);
        const char *front = front_of(bodies);
        while (used < left && (is_blank(front[used]) || front[used] == ','))
            used++;
        consume(bodies, used);
        if (used < left || bodies->is_last)
            return true;
        if (!read_more(bodies, err))
            return false;
    }
}

/* Go to the next byte that counts, in and out of lists. */
static bool pass_to_next(struct bodies *bodies, struct err *err)
{
    consume(bodies, bodies->body_length);
    bodies->body_length = 0;
    if (!bodies->is_past_mark && !pass_mark(bodies, err))
        return false;
    if (!pass_bad(bodies, err))
        return false;
    for (;;) {
        if (!pass_between(bodies, err))
            return false;
        char next = count_left(bodies) == 0 ? '\0' : *front_of(bodies);
        if (next != (bodies->is_in_list ? ']' : '['))
            return true;
        bodies->is_in_list = !bodies->is_in_list;
        bodies->list_line = bodies->line;
        consume(bodies, 1);
    }
}

/* Scan the value at the front to its end, whatever its size. */
static enum json_scan_result scan_value(struct bodies *bodies,
                                        struct origin *origin,
                                        const char **reason, struct err *err)
{
    json_scan_begin(&bodies->scan, 0);
    for (;;) {
        enum json_scan_result result =
            json_scan_run(&bodies->scan, front_of(bodies), count_left(bodies),
                          bodies->is_last, reason);
        if (bodies->scan.at > EVENT_MOST_BYTES)
            origin->is_too_large = true;
        if (result != JSON_SCAN_MORE)
            return result;
        if (origin->is_too_large) {
            consume(bodies, bodies->scan.at);
            bodies->scan.at = 0;
        }
        *reason = NULL;
        if (!read_more(bodies, err))
            return JSON_SCAN_MORE;
    }
}

/* Say what is bad, and where in the value. */
static void explain(const struct bodies *bodies, const struct origin *origin,
                    const char *reason, struct err *err)
{
    int64_t line = bodies->line;
    const char *front = front_of(bodies);
    for (size_t i = 0; i < bodies->scan.at; i++)
        line += front[i] == '\n' ? 1 : 0;
    if (line == origin->line && !origin->is_too_large)
        (void)err_set(err, ERR_INVALID, "%s (at byte %zu)", reason,
                      bodies->scan.at + 1);
    else
        (void)err_set(err, ERR_INVALID, "%s (on line %lld)", reason,
                      (long long)line);
}

static enum bodies_result refuse_bad(struct bodies *bodies,
                                     const struct origin *origin,
                                     const char *reason, struct err *err)
{
    explain(bodies, origin, reason, err);
    bodies->is_resyncing = true;
    if (!origin->is_too_large) {
        resync_begin(&bodies->resync, bodies->is_in_list, origin->indent);
    } else {
        consume(bodies, bodies->scan.at);
        resync_begin_inside(&bodies->resync, bodies->is_in_list, origin->indent,
                            &bodies->scan);
    }
    return BODIES_REFUSED;
}

/* What begins here cannot be a body: the line is refused. */
static enum bodies_result refuse_line(struct bodies *bodies, struct err *err)
{
    (void)err_set(err, ERR_INVALID, "not a JSON object");
    bodies->is_resyncing = true;
    resync_begin_line(&bodies->resync);
    return BODIES_REFUSED;
}

static enum bodies_result take_value(struct bodies *bodies, struct body *body,
                                     struct err *err)
{
    struct origin origin = {
        .line = bodies->line,
        .indent = bodies->indent,
        .is_object = *front_of(bodies) == '{',
    };
    const char *reason;
    body->line = origin.line;
    if (!origin.is_object && !bodies->is_in_list)
        return refuse_line(bodies, err);
    enum json_scan_result result = scan_value(bodies, &origin, &reason, err);
    if (result == JSON_SCAN_MORE)
        return BODIES_UNREADABLE;
    if (result == JSON_SCAN_BAD)
        return refuse_bad(bodies, &origin, reason, err);
    bodies->body_length = bodies->scan.at;
    if (!origin.is_object) {
        (void)err_set(err, ERR_INVALID, "not a JSON object");
        return BODIES_REFUSED;
    }
    if (origin.is_too_large) {
        (void)err_set(err, ERR_INVALID, "larger than %d bytes",
                      EVENT_MOST_BYTES);
        return BODIES_REFUSED;
    }
    body->bytes = front_of(bodies);
    body->length = bodies->body_length;
    return BODIES_ONE;
}

static enum bodies_result take_end(struct bodies *bodies, struct body *body,
                                   struct err *err)
{
    if (!bodies->is_in_list)
        return BODIES_END;
    bodies->is_in_list = false;
    body->line = bodies->list_line;
    (void)err_set(err, ERR_INVALID, "the list that begins here does not end");
    return BODIES_REFUSED;
}

struct bodies *bodies_new(int descriptor)
{
    struct bodies *bodies = mem_new(sizeof(*bodies));
    bodies->descriptor = descriptor;
    bodies->capacity = (size_t)2 * CHUNK_BYTES;
    bodies->bytes = mem_new(bodies->capacity);
    bodies->line = 1;
    bodies->is_in_indent = true;
    return bodies;
}

void bodies_free(struct bodies *bodies)
{
    if (bodies == NULL)
        return;
    free(bodies->bytes);
    free(bodies);
}

void bodies_on_wait(struct bodies *bodies, void (*function)(void *context),
                    void *context)
{
    bodies->on_wait = function;
    bodies->wait_context = context;
}

enum bodies_result bodies_next(struct bodies *bodies, struct body *body,
                               struct err *err)
{
    *body = (struct body){0};
    if (!pass_to_next(bodies, err))
        return BODIES_UNREADABLE;
    if (count_left(bodies) == 0)
        return take_end(bodies, body, err);
    return take_value(bodies, body, err);
}
