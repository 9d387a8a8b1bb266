#include "sim/peer_part.h"

#include "base/mem.h"
#include "base/text.h"
#include "net/sandbox_text.h"
#include "relay/flight.h"
#include "sim/checks.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void peer_free_call(struct peer_call *call)
{
    if (call == NULL)
        return;
    sandbox_reply_free(&call->reply);
    free(call->path);
    free(call->body);
    free(call);
}

static int64_t now_ms(const struct peer *peer)
{
    return peer->sim->clock.monotonic_ms;
}

/* --- what Intercom does --------------------------------------------------- */

/* A data event was taken: the 202 says so, repeated or not. */
static void note_event(struct peer *peer, const struct peer_call *call)
{
    struct ledger *ledger = &peer->sim->ledger;
    cJSON *body = cJSON_Parse(call->body);
    const cJSON *metadata = cJSON_GetObjectItemCaseSensitive(body, "metadata");
    const char *product = cJSON_GetStringValue(
        cJSON_GetObjectItemCaseSensitive(metadata, "product_identifier"));
    const char *name = cJSON_GetStringValue(
        cJSON_GetObjectItemCaseSensitive(body, "event_name"));
    int number = product == NULL ? 0 : (int)strtol(product + 1, NULL, 10);
    if (number <= 0 || number > ledger->count || name == NULL)
        sim_fail(peer->sim, "an event nobody wrote: %s", call->body);
    struct ledger_event *event = &ledger->events[number];
    char *folded = sandbox_text_fold_name(name);
    int64_t created_s = (int64_t)cJSON_GetNumberValue(
        cJSON_GetObjectItemCaseSensitive(body, "created_at"));
    if (event->workspace != call->workspace) {
        event->workspace = call->workspace;
        event->sends = 0;
    }
    if (event->sends > 0 &&
        (!text_equals(event->name, folded) || event->created_s != created_s))
        checks_see_change(peer->sim, event, call->number, folded);
    (void)snprintf(event->name, sizeof(event->name), "%s", folded);
    event->created_s = created_s;
    event->attempt = call->number;
    event->sends++;
    if (event->sends_ever++ == 0)
        event->order = ++ledger->order;
    free(folded);
    cJSON_Delete(body);
}

void peer_act(struct peer *peer, struct peer_call *call)
{
    char authorization[40];
    (void)snprintf(authorization, sizeof(authorization), "Bearer token-%d",
                   call->token);
    char *path = mem_copy_bytes(call->path, strcspn(call->path, "?"));
    struct sandbox_request request = {
        .method = call->method,
        .path = path,
        .query_model = "contact",
        .authorization = authorization,
        .version = call->knows_version ? INTERCOM_VERSION : "9.9",
        .content_type = "application/json",
        .body = call->body == NULL ? "" : call->body,
        .body_length = call->body == NULL ? 0 : strlen(call->body),
        .now_ms = now_ms(peer) + peer->server_ahead_ms,
        .monotonic_ms = now_ms(peer),
        .call = call,
    };
    struct sandbox_outcome outcome;
    sandbox_site_serve(&peer->sites[call->workspace], &request, &outcome);
    sandbox_world_end_call(&peer->sites[call->workspace].world, outcome.calling,
                           call);
    sandbox_reply_free(&call->reply);
    call->reply = outcome.reply;
    call->has_acted = true;
    if (call->is_event && call->reply.status == 202)
        note_event(peer, call);
    free(path);
}

/* Requests that were cut are done before the next one of their user, or never
 * (what the design takes for granted). */
static void empty_limbo(struct peer *peer, int user)
{
    struct peer_call **at = &peer->limbo;
    while (*at != NULL) {
        struct peer_call *call = *at;
        if (user != 0 && call->user != user) {
            at = &call->next;
            continue;
        }
        *at = call->next;
        if (sim_happens(peer->sim, 60)) {
            sim_trace(peer->sim, "  late: %s %s of #%lld", call->method,
                      call->path, (long long)call->id);
            peer_act(peer, call);
        }
        peer_free_call(call);
    }
}

/* --- a call begins -------------------------------------------------------- */

static struct peer_call *make_call(const struct peer_client *client,
                                   const struct fake_exchange *exchange)
{
    struct peer *peer = client->peer;
    const struct http_request *request = exchange->request;
    struct peer_call *call = mem_new(sizeof(*call));
    *call = (struct peer_call){
        .path = mem_copy_text(request->path),
        .body = mem_copy_text(request->body),
        .token = client->token,
        .workspace = peer->workspace,
        .is_event = text_equals(request->path, "/events"),
        .knows_version = peer->weather != WEATHER_VERSION,
        .started_ms = now_ms(peer),
    };
    (void)snprintf(call->method, sizeof(call->method), "%s", request->method);
    if (*(const enum call_owner *)exchange->owner != OWNER_FLIGHT)
        return call;
    const struct flight *flight = exchange->owner;
    call->id = flight->claim.id;
    call->number = flight->claim.attempts + 1;
    call->user = (int)strtol(flight->claim.lane + 1, NULL, 10);
    return call;
}

static void draw_fate(struct peer *peer, struct peer_call *call)
{
    const struct weather_call about = {
        .is_event = call->is_event,
        .is_me = call->user == 0,
        .of_marked_user = call->user != 0 && call->user == peer->marked_user,
        .timeout_ms = peer->timeout_ms,
    };
    weather_draw(peer->weather, &about, &peer->sim->random, &call->fate);
    if (call->fate.takes_ms >= peer->timeout_ms &&
        call->fate.end == HTTP_ANSWERED)
        call->fate.takes_ms = peer->timeout_ms - 1;
}

static void take(void *context, struct fake_exchange *exchange)
{
    struct peer_client *client = context;
    struct peer *peer = client->peer;
    struct sim *sim = peer->sim;
    exchange->due_ms = INT64_MAX;
    if (disk_is_dead(sim->disk, client->process))
        return; /* it died before the call could leave */
    struct peer_call *call = make_call(client, exchange);
    exchange->note = call;
    (void)snprintf(exchange->call->user, sizeof(exchange->call->user), "u%d",
                   call->user);
    if (call->user != 0) {
        empty_limbo(peer, call->user);
        checks_see_call(sim, call->id, call->number, call->user,
                        call->body == NULL ? "" : call->body, call->is_event);
        sim->ledger.users[call->user].lane_calls++;
    }
    draw_fate(peer, call);
    if (!call->fate.acts_at_end && call->fate.act != WEATHER_REFUSES)
        peer_act(peer, call);
    exchange->due_ms = now_ms(peer) + call->fate.takes_ms;
}

/* --- and ends ------------------------------------------------------------- */

static void fill_own_answer(struct peer *peer, struct peer_call *call,
                            struct fake_exchange *exchange)
{
    struct http_answer *answer = &exchange->answer;
    struct sandbox_reply *reply = &call->reply;
    answer->status = reply->status;
    (void)snprintf(answer->request_id, sizeof(answer->request_id), "%s",
                   reply->request_id);
    (void)snprintf(answer->link, sizeof(answer->link), "%s", reply->link);
    answer->date_s = (now_ms(peer) + peer->server_ahead_ms) / 1000;
    if (reply->has_quota) {
        answer->quota_limit = reply->quota_limit;
        answer->quota_left = reply->quota_remaining;
        answer->quota_reset_s = reply->quota_reset_s;
    }
    answer->is_html = reply->content_type != NULL &&
                      text_has_prefix(reply->content_type, "text/html");
    exchange->body = buf_take(&reply->body);
    if (call->fate.is_cut_short) {
        exchange->body[strlen(exchange->body) / 2] = '\0';
        answer->body_was_cut = true;
    }
    peer->refused_for_quota += reply->status == 429;
}

static void fill_drawn_answer(struct peer *peer, const struct peer_call *call,
                              struct fake_exchange *exchange)
{
    struct http_answer *answer = &exchange->answer;
    struct sandbox_reply reply;
    sandbox_reply_init(&reply, peer->sim->seed, (uint64_t)call->started_ms);
    if (call->fate.is_html || !sandbox_reply_status(&reply, call->fate.status))
        sandbox_reply_html(&reply, call->fate.status);
    answer->status = call->fate.status;
    answer->is_html = reply.content_type[5] == 'h';
    if (call->fate.retry_after_s > 0)
        answer->retry_after_s = call->fate.retry_after_s;
    exchange->body = buf_take(&reply.body);
    sandbox_reply_free(&reply);
}

static void trace_end(struct peer *peer, const struct peer_call *call,
                      const struct http_answer *answer)
{
    sim_trace(peer->sim, "  %s %s of #%lld.%d u%d: %s %d%s", call->method,
              call->path, (long long)call->id, call->number, call->user,
              answer->end == HTTP_ANSWERED   ? "answered"
              : answer->end == HTTP_NOT_SENT ? "not sent"
                                             : "unknown",
              answer->status, call->has_acted ? "" : ", nothing done");
}

static void end_call(struct peer *peer, struct peer_call *call,
                     const struct http_answer *answer)
{
    trace_end(peer, call, answer);
    if (call->user == 0)
        return;
    struct ledger_user *user = &peer->sim->ledger.users[call->user];
    user->lane_calls--;
    bool closed_by_us =
        answer->end == HTTP_UNKNOWN && answer->trouble != HTTP_RESET;
    if (closed_by_us) {
        user->quiet_until_ms = call->started_ms + peer->timeout_ms;
        user->quiet_jumps = user->begun_jumps;
    }
    checks_see_answer(peer->sim, call->id, call->number, call->is_event,
                      answer);
}

/* Cut by the client, Intercom may still act, for a while. */
static void leave_in_limbo(struct peer *peer, struct peer_call *call)
{
    if (call->has_acted || call->fate.act == WEATHER_REFUSES ||
        call->fate.end == HTTP_NOT_SENT || call->user == 0) {
        peer_free_call(call);
        return;
    }
    call->next = peer->limbo;
    peer->limbo = call;
}

static void answer(void *context, struct fake_exchange *exchange)
{
    struct peer_client *client = context;
    struct peer *peer = client->peer;
    struct peer_call *call = exchange->note;
    struct http_answer *seen = &exchange->answer;
    if (call == NULL)
        return;
    exchange->note = NULL;
    bool times_out = call->fate.trouble == HTTP_TIMED_OUT;
    if (call->fate.act != WEATHER_REFUSES && !call->has_acted && !times_out)
        peer_act(peer, call);
    seen->end = call->fate.end;
    seen->trouble = call->fate.trouble;
    if (seen->end != HTTP_ANSWERED) {
        seen->status = 0;
        (void)snprintf(seen->trouble_text, sizeof(seen->trouble_text),
                       "simulated");
    } else if (call->fate.status == 0) {
        fill_own_answer(peer, call, exchange);
    } else {
        fill_drawn_answer(peer, call, exchange);
    }
    end_call(peer, call, seen);
    leave_in_limbo(peer, call);
}

static void cut(void *context, struct fake_exchange *exchange)
{
    struct peer_client *client = context;
    struct peer_call *call = exchange->note;
    if (call == NULL)
        return;
    exchange->note = NULL;
    const struct http_answer seen = {.end = HTTP_UNKNOWN,
                                     .trouble = HTTP_STOPPED};
    end_call(client->peer, call, &seen);
    leave_in_limbo(client->peer, call);
}

struct fake_server peer_server(struct peer_client *client)
{
    return (struct fake_server){
        .context = client, .take = take, .answer = answer, .cut = cut};
}

/* --- the peer ------------------------------------------------------------- */

static void set_tokens(struct peer *peer)
{
    for (int i = 0; i < PEER_WORKSPACES; i++) {
        char token[40];
        bool is_here = i == peer->workspace && peer->token != 0;
        (void)snprintf(token, sizeof(token), "token-%d",
                       is_here ? peer->token : -1);
        free(peer->sites[i].token);
        peer->sites[i].token = mem_copy_text(token);
    }
}

struct peer *peer_new(struct sim *sim, int64_t timeout_ms)
{
    struct peer *peer = mem_new(sizeof(*peer));
    struct err err;
    peer->sim = sim;
    peer->timeout_ms = timeout_ms;
    peer->weather = WEATHER_FINE;
    peer->token = peer->last_token = 1;
    peer->marked_user = 1;
    peer->server_ahead_ms = sim->clock.wall_ms - sim->clock.monotonic_ms +
                            (int64_t)sim_draw(sim, 6000) - 3000;
    for (int i = 0; i < PEER_WORKSPACES; i++) {
        const struct sandbox_options options = {
            .attributes_missing = sim_happens(sim, 20),
            .seed = sim->seed + (uint64_t)i,
            .future_s = sim_happens(sim, 20) ? 60 : 0,
        };
        if (!sandbox_site_init(&peer->sites[i], &options, sim->clock.wall_ms,
                               &err))
            sim_fail(sim, "%s", err.text);
    }
    set_tokens(peer);
    return peer;
}

void peer_free(struct peer *peer)
{
    if (peer == NULL)
        return;
    while (peer->limbo != NULL) {
        struct peer_call *next = peer->limbo->next;
        peer_free_call(peer->limbo);
        peer->limbo = next;
    }
    for (int i = 0; i < PEER_WORKSPACES; i++)
        sandbox_site_free(&peer->sites[i]);
    free(peer);
}

void peer_set_weather(struct peer *peer, enum weather_state weather)
{
    peer->weather = weather;
    peer->marked_user = 1 + (int)sim_draw(peer->sim, 3);
}

enum weather_state peer_weather(const struct peer *peer)
{
    return peer->weather;
}

int peer_token(const struct peer *peer)
{
    return peer->token;
}

void peer_revoke_token(struct peer *peer)
{
    peer->token = 0;
    set_tokens(peer);
}

void peer_renew_token(struct peer *peer, bool of_other_workspace)
{
    peer->token = ++peer->last_token;
    if (of_other_workspace)
        peer->workspace = (peer->workspace + 1) % PEER_WORKSPACES;
    set_tokens(peer);
}

int peer_workspace(const struct peer *peer)
{
    return peer->workspace;
}

void peer_set_quota(struct peer *peer, int64_t limit)
{
    for (int i = 0; i < PEER_WORKSPACES; i++)
        peer->sites[i].quota.limit =
            limit == 0 ? SANDBOX_QUOTA_UNLIMITED : limit;
}

int64_t peer_refused_for_quota(const struct peer *peer)
{
    return peer->refused_for_quota;
}
