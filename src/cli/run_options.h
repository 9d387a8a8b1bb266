/* run_options.h - what `run` can be told, and what that means: the options as
 * a table, checked against each other, and the relay's policy out of them. */
#ifndef CLI_RUN_OPTIONS_H
#define CLI_RUN_OPTIONS_H

#include "base/err.h"
#include "cli/options.h"
#include "relay/relay.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Texts are borrowed from argv; NULL: not given. */
struct run_settings {
    const char *api_url; /* NULL: by region */
    int region;
    const char *token_file;
    int sandbox_events;
    int anonymous_users;
    int64_t connections;
    int64_t timeout_ms;
    int64_t grace_ms;
    int64_t give_up_ms;
    bool drain;
    int64_t drain_wait_ms;
    const char *keep;
    bool standby;
    bool insecure_http;
    /* the receiver */
    const char *listen; /* NULL: receive nothing */
    const char *webhook_auth_file;
    const char *webhook_secret_file;
    bool no_webhook_auth;
    const char *tls_cert;
    const char *tls_key;
};

enum run_choice { RUN_SEND, RUN_SKIP };
enum { RUN_REGION_NOT_GIVEN = -1, RUN_DRAIN_WAIT_NOT_GIVEN = -1 };

extern const char *const run_regions[];
extern const char *const run_choices[];

#define RUN_FIELD(name) .offset = offsetof(struct run_settings, name)
#define RUN_DAY_MS      (24 * INT64_C(3600000))

/* clang-format off */

/* Where Intercom is, and with which token: rows for a table whose settings
 * begin with a struct run_settings. */
#define RUN_DESTINATION_OPTIONS                                                \
    {.name = "region",                                                         \
     .type = OPTIONS_CHOICE,                                                   \
     RUN_FIELD(region),                                                        \
     .choices = run_regions,                                                   \
     .help = "where the Intercom workspace is (us)"},                          \
    {.name = "api-url",                                                        \
     .type = OPTIONS_TEXT,                                                     \
     RUN_FIELD(api_url),                                                       \
     .value = "URL",                                                           \
     .help = "another destination, such as the sandbox"},                      \
    {.name = "token-file",                                                     \
     .type = OPTIONS_TEXT,                                                     \
     RUN_FIELD(token_file),                                                    \
     .value = "FILE",                                                          \
     .help = "Intercom's access token; else $INTERCOM_TOKEN, else the systemd "\
             "credential intercom-token"}

/* What a relay can be told wherever it runs: likewise. */
#define RUN_RELAY_OPTIONS                                                      \
    RUN_DESTINATION_OPTIONS,                                                   \
    {.name = "sandbox-events",                                                 \
     .type = OPTIONS_CHOICE,                                                   \
     RUN_FIELD(sandbox_events),                                                \
     .choices = run_choices,                                                   \
     .help = "what to do with events of the stores' sandboxes (skip)"},        \
    {.name = "anonymous-users",                                                \
     .type = OPTIONS_CHOICE,                                                   \
     RUN_FIELD(anonymous_users),                                               \
     .choices = run_choices,                                                   \
     .help = "what to do with events of $RCAnonymousID users (send)"},         \
    {.name = "connections",                                                    \
     .type = OPTIONS_INTEGER,                                                  \
     RUN_FIELD(connections),                                                   \
     .value = "N",                                                             \
     .minimum = 1,                                                             \
     .maximum = 256,                                                           \
     .help = "calls under way at once (32)"},                                   \
    {.name = "timeout",                                                        \
     .type = OPTIONS_DURATION,                                                 \
     RUN_FIELD(timeout_ms),                                                    \
     .value = "TIME",                                                          \
     .minimum = 100,                                                           \
     .maximum = 600000,                                                        \
     .help = "of one request (30s)"},                                          \
    {.name = "give-up",                                                        \
     .type = OPTIONS_DURATION,                                                 \
     RUN_FIELD(give_up_ms),                                                    \
     .value = "TIME",                                                          \
     .minimum = 0,                                                             \
     .maximum = 365 * RUN_DAY_MS,                                              \
     .help = "a delivery fails for good so long after its first try (72h)"},   \
    {.name = "grace",                                                          \
     .type = OPTIONS_DURATION,                                                 \
     RUN_FIELD(grace_ms),                                                      \
     .value = "TIME",                                                          \
     .minimum = 0,                                                             \
     .maximum = RUN_DAY_MS,                                                    \
     .help = "what is under way may take so long after SIGTERM (10s)"},        \
    {.name = "keep",                                                           \
     .type = OPTIONS_TEXT,                                                     \
     RUN_FIELD(keep),                                                          \
     .value = "TIME",                                                          \
     .help = "what was delivered, skipped or discarded leaves the outbox "     \
             "after this time (90d); forever: never"},                         \
    {.name = "insecure-http",                                                  \
     .type = OPTIONS_FLAG,                                                     \
     RUN_FIELD(insecure_http),                                                 \
     .help = "allow plain http to a host other than this one: the token and "  \
             "all data can be read on the way"}
/* clang-format on */

#define RUN_DEFAULTS                                                           \
    {                                                                          \
        .region = RUN_REGION_NOT_GIVEN, .sandbox_events = RUN_SKIP,            \
        .anonymous_users = RUN_SEND, .connections = 32, .timeout_ms = 30000,   \
        .grace_ms = 10000, .give_up_ms = 3 * RUN_DAY_MS,                       \
        .drain_wait_ms = RUN_DRAIN_WAIT_NOT_GIVEN, .keep = "90d",              \
    }

enum { RUN_OPTION_COUNT = 20 };
extern const struct options_row run_options[RUN_OPTION_COUNT];
extern const struct run_settings run_defaults;

/* What options are wrong of themselves, or together. Fails with ERR_USAGE. */
MUST_CHECK bool run_settings_check(const struct run_settings *settings,
                                   struct err *err);

/* True if none of them was given, or only what is the default anyway. */
bool run_settings_are_default(const struct run_settings *settings);

/* The destination without final slashes; owned by the caller. */
char *run_settings_copy_url(const struct run_settings *settings);

/* Settings that were checked as the relay wants them. */
struct relay_policy
run_settings_make_policy(const struct run_settings *settings);

#endif
