#include "cli/run_options.h"

#include "base/mem.h"
#include "base/random.h"
#include "base/text.h"
#include "cli/address.h"

#include <string.h>

enum { SECOND_MS = 1000, HOUR_MS = 3600 * SECOND_MS };

enum choice { CHOICE_SEND, CHOICE_SKIP };

enum { REGION_NOT_GIVEN = -1, DRAIN_WAIT_NOT_GIVEN = -1 };

const struct run_settings run_defaults = {
    .region = REGION_NOT_GIVEN,
    .sandbox_events = CHOICE_SKIP,
    .anonymous_users = CHOICE_SEND,
    .connections = 32,
    .timeout_ms = 30 * SECOND_MS,
    .grace_ms = 10 * SECOND_MS,
    .give_up_ms = 72 * (int64_t)HOUR_MS,
    .drain_wait_ms = DRAIN_WAIT_NOT_GIVEN,
    .keep = "90d",
};

static const char *const regions[] = {"us", "eu", "au", NULL};
static const char *const region_urls[] = {
    "https://api.intercom.io",
    "https://api.eu.intercom.io",
    "https://api.au.intercom.io",
};
static const char *const choices[] = {"send", "skip", NULL};

#define FIELD(name) .offset = offsetof(struct run_settings, name)
#define MS_DAY      (24 * INT64_C(3600000))

const struct options_row run_options[] = {
    {.name = "region",
     .type = OPTIONS_CHOICE,
     FIELD(region),
     .choices = regions,
     .help = "where the Intercom workspace is (us)"},
    {.name = "api-url",
     .type = OPTIONS_TEXT,
     FIELD(api_url),
     .value = "URL",
     .help = "another destination, such as the sandbox"},
    {.name = "token-file",
     .type = OPTIONS_TEXT,
     FIELD(token_file),
     .value = "FILE",
     .help = "Intercom's access token; else $INTERCOM_TOKEN, else the systemd "
             "credential intercom-token"},
    {.name = "sandbox-events",
     .type = OPTIONS_CHOICE,
     FIELD(sandbox_events),
     .choices = choices,
     .help = "what to do with events of the stores' sandboxes (skip)"},
    {.name = "anonymous-users",
     .type = OPTIONS_CHOICE,
     FIELD(anonymous_users),
     .choices = choices,
     .help = "what to do with events of $RCAnonymousID users (send)"},
    {.name = "connections",
     .type = OPTIONS_INTEGER,
     FIELD(connections),
     .value = "N",
     .minimum = 1,
     .maximum = 256,
     .help = "deliveries under way at once (32)"},
    {.name = "timeout",
     .type = OPTIONS_DURATION,
     FIELD(timeout_ms),
     .value = "TIME",
     .minimum = 100,
     .maximum = 600000,
     .help = "of one request (30s)"},
    {.name = "give-up",
     .type = OPTIONS_DURATION,
     FIELD(give_up_ms),
     .value = "TIME",
     .minimum = 0,
     .maximum = 365 * MS_DAY,
     .help = "a delivery fails for good so long after its first try (72h)"},
    {.name = "grace",
     .type = OPTIONS_DURATION,
     FIELD(grace_ms),
     .value = "TIME",
     .minimum = 0,
     .maximum = MS_DAY,
     .help = "what is under way may take so long after SIGTERM (10s)"},
    {.name = "drain",
     .type = OPTIONS_FLAG,
     FIELD(drain),
     .help = "end when nothing is left to send"},
    {.name = "drain-wait",
     .type = OPTIONS_DURATION,
     FIELD(drain_wait_ms),
     .value = "TIME",
     .minimum = 0,
     .maximum = MS_DAY,
     .help = "with --drain: wait for deliveries that are due within this time "
             "(60s)"},
    {.name = "keep",
     .type = OPTIONS_TEXT,
     FIELD(keep),
     .value = "TIME",
     .help = "what was delivered, skipped or discarded leaves the outbox after "
             "this time (90d); forever: never"},
    {.name = "standby",
     .type = OPTIONS_FLAG,
     FIELD(standby),
     .help = "while another relay runs on this file, wait and take over when "
             "it ends or dies"},
    {.name = "insecure-http",
     .type = OPTIONS_FLAG,
     FIELD(insecure_http),
     .help = "allow plain http to a host other than this one: the token and "
             "all data can be read on the way"},
    {.name = "listen",
     .type = OPTIONS_TEXT,
     FIELD(listen),
     .value = "ADDR:PORT",
     .help = "receive RevenueCat's webhooks, too, at POST "
             "/webhooks/revenuecat; with /healthz, /readyz and /metrics"},
    {.name = "webhook-auth-file",
     .type = OPTIONS_TEXT,
     FIELD(webhook_auth_file),
     .value = "FILE",
     .help = "with --listen: the Authorization value that is set for the "
             "webhook"},
    {.name = "webhook-secret-file",
     .type = OPTIONS_TEXT,
     FIELD(webhook_secret_file),
     .value = "FILE",
     .help = "with --listen: the secret that webhooks are signed with"},
    {.name = "no-webhook-auth",
     .type = OPTIONS_FLAG,
     FIELD(no_webhook_auth),
     .help = "with --listen on a loopback address: let anybody on this "
             "machine send webhooks"},
    {.name = "tls-cert",
     .type = OPTIONS_TEXT,
     FIELD(tls_cert),
     .value = "FILE",
     .help = "with --listen: serve https with this certificate chain (PEM)"},
    {.name = "tls-key",
     .type = OPTIONS_TEXT,
     FIELD(tls_key),
     .value = "FILE",
     .help = "with --tls-cert: its private key (PEM)"},
};

/* *keep_ms is 0 for ever. */
static bool read_keep(const char *keep, int64_t *keep_ms, struct err *err)
{
    *keep_ms = 0;
    if (text_equals(keep, "forever"))
        return true;
    if (text_parse_duration(keep, keep_ms) && *keep_ms >= SECOND_MS)
        return true;
    return err_set(
        err, ERR_USAGE,
        "--keep: '%.60s' is neither a time of a second or more (like "
        "2h or 90d) nor 'forever'",
        keep);
}

/* Who may send webhooks has to be said, so that it is never forgotten. */
static bool check_credentials(const struct run_settings *settings,
                              struct err *err)
{
    bool has_credentials = settings->webhook_auth_file != NULL ||
                           settings->webhook_secret_file != NULL;
    if (has_credentials && settings->no_webhook_auth)
        return err_set(err, ERR_USAGE,
                       "--no-webhook-auth contradicts --webhook-auth-file and "
                       "--webhook-secret-file");
    if (!has_credentials && !settings->no_webhook_auth)
        return err_set(err, ERR_USAGE,
                       "--listen needs --webhook-auth-file or "
                       "--webhook-secret-file, or both; on a loopback address "
                       "--no-webhook-auth lets anybody send");
    return true;
}

static bool check_receiver(const struct run_settings *settings, struct err *err)
{
    struct address address;
    if (settings->listen == NULL) {
        if (settings->webhook_auth_file == NULL &&
            settings->webhook_secret_file == NULL &&
            !settings->no_webhook_auth && settings->tls_cert == NULL &&
            settings->tls_key == NULL)
            return true;
        return err_set(err, ERR_USAGE,
                       "--webhook-auth-file, --webhook-secret-file, "
                       "--no-webhook-auth, --tls-cert and --tls-key need "
                       "--listen");
    }
    if (settings->drain)
        return err_set(err, ERR_USAGE,
                       "--drain ends when nothing is left, --listen waits for "
                       "more: choose one");
    if ((settings->tls_cert == NULL) != (settings->tls_key == NULL))
        return err_set(err, ERR_USAGE,
                       "--tls-cert and --tls-key need each other");
    if (!address_parse(settings->listen, &address, err)) {
        struct err why = *err;
        return err_set(err, ERR_USAGE, "--listen: %s", why.text);
    }
    if (settings->no_webhook_auth && !address_is_loopback(&address))
        return err_set(err, ERR_USAGE,
                       "--no-webhook-auth: others than this machine can reach "
                       "%s; only a loopback address may do without",
                       address.host);
    return check_credentials(settings, err);
}

bool run_settings_check(const struct run_settings *settings, struct err *err)
{
    if (settings->api_url != NULL && settings->region != REGION_NOT_GIVEN)
        return err_set(err, ERR_USAGE,
                       "--region and --api-url are two destinations");
    if (!settings->drain && settings->drain_wait_ms != DRAIN_WAIT_NOT_GIVEN)
        return err_set(err, ERR_USAGE, "--drain-wait needs --drain");
    if (!check_receiver(settings, err))
        return false;
    int64_t keep_ms;
    return read_keep(settings->keep, &keep_ms, err);
}

char *run_settings_copy_url(const struct run_settings *settings)
{
    int region = settings->region == REGION_NOT_GIVEN ? 0 : settings->region;
    const char *url =
        settings->api_url != NULL ? settings->api_url : region_urls[region];
    size_t length = strlen(url);
    while (length > 0 && url[length - 1] == '/')
        length--;
    return mem_copy_bytes(url, length);
}

struct relay_policy
run_settings_make_policy(const struct run_settings *settings)
{
    struct err err;
    int64_t keep_ms;
    (void)!read_keep(settings->keep, &keep_ms, &err); /* is checked already */
    return (struct relay_policy){
        .connections = (int)settings->connections,
        .timeout_ms = settings->timeout_ms,
        .give_up_ms = settings->give_up_ms,
        .check_attributes = true,
        .send_sandbox_events = settings->sandbox_events == CHOICE_SEND,
        .skip_anonymous_users = settings->anonymous_users == CHOICE_SKIP,
        .drain = settings->drain,
        .drain_wait_ms = settings->drain_wait_ms == DRAIN_WAIT_NOT_GIVEN
                             ? 60 * SECOND_MS
                             : settings->drain_wait_ms,
        .keep_ms = keep_ms,
        .seed = random_seed_from_system(),
    };
}
