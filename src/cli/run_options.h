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

enum { RUN_OPTION_COUNT = 20 };
extern const struct options_row run_options[RUN_OPTION_COUNT];
extern const struct run_settings run_defaults;

/* What options are wrong of themselves, or together. Fails with ERR_USAGE. */
MUST_CHECK bool run_settings_check(const struct run_settings *settings,
                                   struct err *err);

/* The destination without final slashes; owned by the caller. */
char *run_settings_copy_url(const struct run_settings *settings);

/* Settings that were checked as the relay wants them. */
struct relay_policy
run_settings_make_policy(const struct run_settings *settings);

#endif
