#include "support/fake_http.h"

#include "base/mem.h"
#include "base/text.h"
#include "support/plain_answer.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct under_way {
    struct fake_exchange exchange;
    bool is_answered;
    struct under_way *next; /* in order of due_ms */
};

struct fake_http {
    struct http seam;
    struct fake_clock *clock;
    struct fake_server server;
    struct fake_call calls[FAKE_MOST_CALLS];
    int call_count;
    struct under_way *under_way;
    int under_way_count;
    int most_under_way;
    int recalls;
    struct under_way *returned; /* its answer is borrowed by the caller */
};

static void free_call(struct under_way *call)
{
    if (call == NULL)
        return;
    free(call->exchange.body);
    free(call);
}

/* --- a call begins -------------------------------------------------------- */

static void put_in_order(struct fake_http *fake, struct under_way *call)
{
    struct under_way **at = &fake->under_way;
    while (*at != NULL && (*at)->exchange.due_ms <= call->exchange.due_ms)
        at = &(*at)->next;
    call->next = *at;
    *at = call;
    if (++fake->under_way_count > fake->most_under_way)
        fake->most_under_way = fake->under_way_count;
}

static struct fake_call *keep_call(struct fake_http *fake,
                                   const struct http_request *request)
{
    assert(fake->call_count < FAKE_MOST_CALLS);
    struct fake_call *kept = &fake->calls[fake->call_count++];
    *kept = (struct fake_call){
        .body = request->body == NULL
                    ? mem_copy_text("")
                    : mem_copy_bytes(request->body, request->body_length),
        .started_ms = fake->clock->monotonic_ms,
        .ended_ms = -1,
    };
    (void)snprintf(kept->request, sizeof(kept->request), "%s %s",
                   request->method, request->path);
    return kept;
}

static void start(void *context, const struct http_request *request,
                  void *owner)
{
    struct fake_http *fake = context;
    assert(owner != NULL);
    struct under_way *call = mem_new(sizeof(*call));
    call->exchange = (struct fake_exchange){
        .request = request,
        .owner = owner,
        .call = keep_call(fake, request),
        .due_ms = fake->clock->monotonic_ms,
        .answer = plain_answer(200, ""),
    };
    call->exchange.answer.started_ms = fake->clock->wall_ms;
    fake->server.take(fake->server.context, &call->exchange);
    call->exchange.request = NULL;
    put_in_order(fake, call);
}

/* --- it ends -------------------------------------------------------------- */

static void answer(struct fake_http *fake, struct under_way *call)
{
    if (!call->is_answered && fake->server.answer != NULL)
        fake->server.answer(fake->server.context, &call->exchange);
    call->is_answered = true;
}

/* The client closes the connection. */
static void cut(struct fake_http *fake, struct under_way *call)
{
    struct http_answer *seen = &call->exchange.answer;
    if (fake->server.cut != NULL)
        fake->server.cut(fake->server.context, &call->exchange);
    call->is_answered = true;
    seen->end = HTTP_UNKNOWN;
    seen->trouble = HTTP_STOPPED;
    seen->status = 0;
    free(call->exchange.body);
    call->exchange.body = NULL;
    (void)snprintf(seen->trouble_text, sizeof(seen->trouble_text), "stopped");
    call->exchange.due_ms = fake->clock->monotonic_ms;
}

static bool next_done(void *context, struct http_done *done)
{
    struct fake_http *fake = context;
    free_call(fake->returned);
    fake->returned = NULL;
    struct under_way *call = fake->under_way;
    if (call == NULL || call->exchange.due_ms > fake->clock->monotonic_ms)
        return false;
    fake->under_way = call->next;
    fake->under_way_count--;
    answer(fake, call);
    struct fake_call *kept = call->exchange.call;
    struct http_answer *seen = &call->exchange.answer;
    kept->ended_ms = fake->clock->monotonic_ms;
    kept->end = seen->end;
    kept->status = seen->status;
    seen->took_ms = kept->ended_ms - kept->started_ms;
    seen->body = call->exchange.body == NULL ? "" : call->exchange.body;
    seen->body_length = strlen(seen->body);
    fake->returned = call;
    done->owner = call->exchange.owner;
    done->answer = *seen;
    return true;
}

static void wait_for_something(void *context, int descriptor, int64_t most_ms)
{
    struct fake_http *fake = context;
    int64_t now = fake->clock->monotonic_ms;
    int64_t until = now + (most_ms > 0 ? most_ms : 0);
    int64_t end_ms = fake_http_next_end_ms(fake);
    (void)descriptor;
    if (end_ms < until)
        until = end_ms;
    if (until > now)
        fake_clock_advance(fake->clock, until - now);
}

static void stop(void *context)
{
    struct fake_http *fake = context;
    for (struct under_way *call = fake->under_way; call != NULL;
         call = call->next) {
        if (call->exchange.due_ms > fake->clock->monotonic_ms)
            cut(fake, call); /* others are answered in time */
    }
}

/* Nothing is ever queued here. */
static void recall(void *context)
{
    struct fake_http *fake = context;
    fake->recalls++;
}

/* --- the interface -------------------------------------------------------- */

struct fake_http *fake_http_new(struct fake_clock *clock,
                                const struct fake_server *server)
{
    struct fake_http *fake = mem_new(sizeof(*fake));
    fake->clock = clock;
    fake->server = *server;
    fake->seam = (struct http){
        .context = fake,
        .start = start,
        .next_done = next_done,
        .wait = wait_for_something,
        .stop = stop,
        .recall = recall,
    };
    return fake;
}

void fake_http_free(struct fake_http *fake)
{
    if (fake == NULL)
        return;
    free_call(fake->returned);
    while (fake->under_way != NULL) {
        struct under_way *next = fake->under_way->next;
        free_call(fake->under_way);
        fake->under_way = next;
    }
    for (int i = 0; i < fake->call_count; i++)
        free(fake->calls[i].body);
    free(fake);
}

const struct http *fake_http_seam(struct fake_http *fake)
{
    return &fake->seam;
}

void fake_http_end_all(struct fake_http *fake)
{
    for (struct under_way *call = fake->under_way; call != NULL;
         call = call->next) {
        answer(fake, call);
        if (call->exchange.due_ms > fake->clock->monotonic_ms)
            call->exchange.due_ms = fake->clock->monotonic_ms;
    }
}

int fake_http_calls(const struct fake_http *fake)
{
    return fake->call_count;
}

const struct fake_call *fake_http_call(const struct fake_http *fake, int index)
{
    assert(index >= 0 && index < fake->call_count);
    return &fake->calls[index];
}

int fake_http_count(const struct fake_http *fake, const char *request,
                    const char *user)
{
    int count = 0;
    for (int i = 0; i < fake->call_count; i++) {
        const struct fake_call *call = &fake->calls[i];
        count += (request == NULL || text_has_prefix(call->request, request)) &&
                 (user == NULL || strcmp(call->user, user) == 0);
    }
    return count;
}

int fake_http_under_way(const struct fake_http *fake)
{
    return fake->under_way_count;
}

int fake_http_under_way_of(const struct fake_http *fake, const char *user)
{
    int count = 0;
    for (const struct under_way *call = fake->under_way; call != NULL;
         call = call->next)
        count += strcmp(call->exchange.call->user, user) == 0;
    return count;
}

int fake_http_recalls(const struct fake_http *fake)
{
    return fake->recalls;
}

int fake_http_most_under_way(const struct fake_http *fake)
{
    return fake->most_under_way;
}

int64_t fake_http_next_end_ms(const struct fake_http *fake)
{
    return fake->under_way == NULL ? INT64_MAX
                                   : fake->under_way->exchange.due_ms;
}
