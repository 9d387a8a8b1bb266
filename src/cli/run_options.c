#include "cli/run_options.h"

#include "base/mem.h"
#include "base/random.h"
#include "base/text.h"
#include "cli/address.h"

#include <string.h>

enum { SECOND_MS = 1000 };

const struct run_settings run_defaults = RUN_DEFAULTS;

const char *const run_regions[] = {"us", "eu", "au", NULL};
static const char *const region_urls[] = {
    "https://api.intercom.io",
    "https://api.eu.intercom.io",
    "https://api.au.intercom.io",
};
const char *const run_choices[] = {"send", "skip", NULL};

const struct options_row run_options[] = {
    RUN_RELAY_OPTIONS,
    OPTIONS_FLAG_ROW("drain", struct run_settings, drain,
                     "end when nothing is left to send"),
    {.name = "drain-wait",
     .type = OPTIONS_DURATION,
     RUN_FIELD(drain_wait_ms),
     .value = "TIME",
     .minimum = 0,
     .maximum = RUN_DAY_MS,
     .help = "with --drain: wait for deliveries that are due within this time "
             "(60s)"},
    OPTIONS_FLAG_ROW(
        "standby", struct run_settings, standby,
        "while another relay runs on this file, wait and take over when "
        "it ends or dies"),
    {.name = "listen",
     .type = OPTIONS_TEXT,
     RUN_FIELD(listen),
     .value = "ADDR:PORT",
     .help = "receive RevenueCat's webhooks, too, at POST "
             "/webhooks/revenuecat; with /healthz, /readyz and /metrics"},
    {.name = "webhook-auth-file",
     .type = OPTIONS_TEXT,
     RUN_FIELD(webhook_auth_file),
     .value = "FILE",
     .help = "with --listen: the Authorization value that is set for the "
             "webhook"},
    {.name = "webhook-secret-file",
     .type = OPTIONS_TEXT,
     RUN_FIELD(webhook_secret_file),
     .value = "FILE",
     .help = "with --listen: the secret that webhooks are signed with"},
    OPTIONS_FLAG_ROW("no-webhook-auth", struct run_settings, no_webhook_auth,
                     "with --listen on a loopback address: let anybody on this "
                     "machine send webhooks"),
    {.name = "tls-cert",
     .type = OPTIONS_TEXT,
     RUN_FIELD(tls_cert),
     .value = "FILE",
     .help = "with --listen: serve https with this certificate chain (PEM)"},
    {.name = "tls-key",
     .type = OPTIONS_TEXT,
     RUN_FIELD(tls_key),
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
    if (settings->api_url != NULL && settings->region != RUN_REGION_NOT_GIVEN)
        return err_set(err, ERR_USAGE,
                       "--region and --api-url are two destinations");
    if (!settings->drain && settings->drain_wait_ms != RUN_DRAIN_WAIT_NOT_GIVEN)
        return err_set(err, ERR_USAGE, "--drain-wait needs --drain");
    if (!check_receiver(settings, err))
        return false;
    int64_t keep_ms;
    return read_keep(settings->keep, &keep_ms, err);
}

/* The same value in both, as the row says what it is. */
static bool is_same(const struct options_row *row, const void *a, const void *b)
{
    const char *left = (const char *)a + row->offset;
    const char *right = (const char *)b + row->offset;
    switch (row->type) {
    case OPTIONS_TEXT:
        return text_equals(*(const char *const *)left,
                           *(const char *const *)right);
    case OPTIONS_CHOICE:
        return *(const int *)left == *(const int *)right;
    case OPTIONS_FLAG:
        return *(const bool *)left == *(const bool *)right;
    case OPTIONS_INTEGER:
    case OPTIONS_DURATION:
        return *(const int64_t *)left == *(const int64_t *)right;
    }
    return false;
}

bool run_settings_are_default(const struct run_settings *settings)
{
    for (size_t i = 0; i < RUN_OPTION_COUNT; i++) {
        if (!is_same(&run_options[i], settings, &run_defaults))
            return false;
    }
    return true;
}

char *run_settings_copy_url(const struct run_settings *settings)
{
    int region =
        settings->region == RUN_REGION_NOT_GIVEN ? 0 : settings->region;
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
        .send_sandbox_events = settings->sandbox_events == RUN_SEND,
        .skip_anonymous_users = settings->anonymous_users == RUN_SKIP,
        .drain = settings->drain,
        .drain_wait_ms = settings->drain_wait_ms == RUN_DRAIN_WAIT_NOT_GIVEN
                             ? 60 * SECOND_MS
                             : settings->drain_wait_ms,
        .keep_ms = keep_ms,
        .seed = random_seed_from_system(),
    };
}
