#include "net/sandbox_site.h"

#include "base/mem.h"
#include "base/text.h"
#include "net/sandbox_look.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DEFAULT_FUTURE_S = 24 * 3600 };

/* What Intercom-Version may be; absent is the workspace's own. */
static const char *const versions[] = {
    "1.0",  "1.1",  "1.2",  "1.3",  "1.4",  "2.0",  "2.1",     "2.2",
    "2.3",  "2.4",  "2.5",  "2.6",  "2.7",  "2.8",  "2.9",     "2.10",
    "2.11", "2.12", "2.13", "2.14", "2.15", "2.16", "Preview", "Unstable",
};

static bool has_token(const struct sandbox_site *site, const char *value)
{
    static const char scheme[] = "Bearer ";
    if (value == NULL || !text_has_prefix(value, scheme))
        return false;
    value += sizeof(scheme) - 1;
    return *value != '\0' &&
           (site->token == NULL || text_equals(value, site->token));
}

static bool is_version(const char *text)
{
    if (text == NULL)
        return true;
    for (size_t i = 0; i < sizeof(versions) / sizeof(versions[0]); i++) {
        if (text_equals(text, versions[i]))
            return true;
    }
    return false;
}

static void add_quota(const struct sandbox_site *site,
                      struct sandbox_reply *reply)
{
    reply->has_quota = true;
    reply->quota_limit = site->quota.limit;
    reply->quota_remaining = site->quota.limit - site->quota.used;
    reply->quota_reset_s = site->quota.reset_s;
}

static void refuse_rate(const struct sandbox_site *site,
                        struct sandbox_reply *reply)
{
    sandbox_reply_error(reply, 429, "rate_limit_exceeded", NULL,
                        "Exceeded rate limit of %" PRId64 " in 10_seconds",
                        site->quota.limit);
    reply->quota_remaining = 0;
}

/* True if the call may go on; else the reply says why not. */
static bool pass_gate(struct sandbox_site *site,
                      const struct sandbox_request *request,
                      struct sandbox_reply *reply)
{
    if (!has_token(site, request->authorization)) {
        sandbox_reply_status(reply, 401);
        return false;
    }
    bool has_calls = sandbox_quota_take(&site->quota, request->now_ms);
    add_quota(site, reply);
    if (!has_calls) {
        refuse_rate(site, reply);
        return false;
    }
    if (!is_version(request->version)) {
        sandbox_reply_error(reply, 400, "intercom_version_invalid", NULL,
                            "The requested version could not be found");
        return false;
    }
    return true;
}

static void answer_status(const struct sandbox_site *site, int status,
                          struct sandbox_reply *reply)
{
    if (status == 429)
        refuse_rate(site, reply);
    else if (!sandbox_reply_status(reply, status))
        sandbox_reply_html(reply, status); /* the redirects */
}

static void act(struct sandbox_site *site,
                const struct sandbox_request *request,
                struct sandbox_outcome *outcome)
{
    outcome->calling =
        sandbox_api_answer(&site->world, request, &outcome->reply);
}

/* What is not done under a fault is not seen as a call of its user either. */
static void act_with_fault(struct sandbox_site *site,
                           const struct sandbox_request *request,
                           struct sandbox_fault fault,
                           struct sandbox_outcome *outcome)
{
    switch (fault.kind) {
    case SANDBOX_NO_FAULT:
        act(site, request, outcome);
        break;
    case SANDBOX_FAULT_STATUS:
        answer_status(site, fault.status, &outcome->reply);
        break;
    case SANDBOX_FAULT_HTML:
        sandbox_reply_html(&outcome->reply, 502);
        break;
    case SANDBOX_FAULT_PORTAL:
        sandbox_reply_html(&outcome->reply, 200);
        break;
    case SANDBOX_FAULT_TIMEOUT:
        outcome->leave = SANDBOX_LEAVE_NEVER;
        break;
    case SANDBOX_FAULT_RESET:
        outcome->leave = SANDBOX_LEAVE_RESET;
        break;
    case SANDBOX_FAULT_RESET_AFTER:
        act(site, request, outcome);
        outcome->leave = SANDBOX_LEAVE_RESET;
        break;
    case SANDBOX_FAULT_TRUNCATE:
        act(site, request, outcome);
        outcome->leave = SANDBOX_LEAVE_CUT;
        break;
    case SANDBOX_FAULT_SLOW:
        act(site, request, outcome);
        outcome->delay_ms += SANDBOX_SLOW_MS;
        break;
    }
}

static void count(struct sandbox_site *site,
                  const struct sandbox_request *request,
                  const struct sandbox_outcome *outcome)
{
    bool is_answered = outcome->leave == SANDBOX_LEAVE_WHOLE ||
                       outcome->leave == SANDBOX_LEAVE_CUT;
    int status = is_answered ? outcome->reply.status : 0;
    site->calls[sandbox_api_route(request)][status]++;
}

static void summarize_route(const int64_t *calls,
                            struct sandbox_summary *summary)
{
    for (int status = 0; status < SANDBOX_STATUS_COUNT; status++) {
        summary->calls += calls[status];
        if (status == 429)
            summary->rate_limited += calls[status];
        else if (status >= 400)
            summary->refused += calls[status];
    }
}

static bool check_options(const struct sandbox_options *options,
                          struct err *err)
{
    if (options->quota < 0 || options->quota > INT32_MAX)
        return err_set(err, ERR_INVALID, "the quota is a number from 0");
    if (options->latency_ms < 0 || options->future_s < 0)
        return err_set(err, ERR_INVALID, "a time cannot be negative");
    if (options->token != NULL && *options->token == '\0')
        return err_set(err, ERR_INVALID, "the token is empty");
    return true;
}

bool sandbox_site_init(struct sandbox_site *site,
                       const struct sandbox_options *options, int64_t now_ms,
                       struct err *err)
{
    if (!check_options(options, err))
        return false;
    *site = (struct sandbox_site){
        .seed = options->seed,
        .latency_ms = options->latency_ms,
        .token = mem_copy_text(options->token),
    };
    site->quota.limit =
        options->quota == 0 ? SANDBOX_QUOTA_UNLIMITED : options->quota;
    site->world.contacts.seed = options->seed;
    site->world.future_s =
        options->future_s == 0 ? DEFAULT_FUTURE_S : options->future_s;
    if (!options->attributes_missing)
        sandbox_attributes_add_needed(&site->world.attributes, now_ms / 1000);
    if (sandbox_site_set_faults(site, options->faults, now_ms, err))
        return true;
    sandbox_site_free(site);
    return false;
}

bool sandbox_site_set_faults(struct sandbox_site *site, const char *spec,
                             int64_t now_ms, struct err *err)
{
    struct sandbox_faults faults;
    if (!sandbox_faults_read(spec, site->seed, &faults, err))
        return false;
    sandbox_faults_free(&site->faults);
    site->faults = faults;
    sandbox_faults_set_up(&site->faults, &site->world, now_ms / 1000);
    return true;
}

void sandbox_site_serve(struct sandbox_site *site,
                        const struct sandbox_request *request,
                        struct sandbox_outcome *outcome)
{
    *outcome = (struct sandbox_outcome){.calling = SANDBOX_NO_ROW};
    sandbox_reply_init(&outcome->reply, site->seed, site->requests++);
    if (text_has_prefix(request->path, "/_sandbox/")) {
        sandbox_look_answer(site, request, &outcome->reply);
        return;
    }
    outcome->delay_ms = site->latency_ms;
    if (pass_gate(site, request, &outcome->reply)) {
        struct sandbox_fault fault =
            sandbox_faults_draw(&site->faults, request);
        act_with_fault(site, request, fault, outcome);
    }
    count(site, request, outcome);
}

void sandbox_site_summarize(const struct sandbox_site *site,
                            struct sandbox_summary *summary)
{
    const struct sandbox_events *events = &site->world.events;
    *summary = (struct sandbox_summary){
        .contacts = site->world.contacts.count,
        .events = events->count,
        .duplicates = events->duplicates,
        .parallel_same_user = site->world.parallel_same_user,
        .metadata_keys_dropped = site->world.metadata_keys_dropped,
        .peak_connections = site->peak_connections,
        .name_count = events->name_count,
    };
    for (size_t route = 0; route < SANDBOX_ROUTE_COUNT; route++)
        summarize_route(site->calls[route], summary);
    summary->names = mem_new_array(events->name_count, sizeof(*summary->names));
    for (size_t i = 0; i < events->name_count; i++)
        summary->names[i] = (struct sandbox_name_count){
            .name = mem_copy_text(events->names[i].text),
            .events = events->names[i].events,
        };
}

void sandbox_site_free(struct sandbox_site *site)
{
    sandbox_world_free(&site->world);
    sandbox_faults_free(&site->faults);
    free(site->token);
    site->token = NULL;
}
