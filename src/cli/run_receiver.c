#include "cli/run_receiver.h"

#include "base/file.h"
#include "base/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* A chain of certificates is some KiB. */
enum { MOST_PEM_BYTES = 256 * 1024 };

static bool read_files(const struct run_settings *settings,
                       struct run_receiver *receiver, struct err *err)
{
    if (settings->webhook_auth_file != NULL &&
        !file_read_secret(settings->webhook_auth_file, &receiver->authorization,
                          err))
        return false;
    if (settings->webhook_secret_file != NULL &&
        !file_read_secret(settings->webhook_secret_file, &receiver->secret,
                          err))
        return false;
    return settings->tls_cert == NULL ||
           (file_read(settings->tls_cert, &receiver->certificate, err) &&
            file_read_private(settings->tls_key, &receiver->key, err));
}

bool run_receiver_read(const struct run_settings *settings,
                       struct run_receiver *receiver, struct err *err)
{
    *receiver = (struct run_receiver){.authorization = NULL};
    buf_init(&receiver->certificate, MOST_PEM_BYTES);
    buf_init(&receiver->key, MOST_PEM_BYTES);
    if (settings->listen == NULL)
        return true;
    if (address_parse(settings->listen, &receiver->address, err) &&
        read_files(settings, receiver, err))
        return true;
    run_receiver_free(receiver);
    return false;
}

static void free_secret(char *secret)
{
    if (secret != NULL)
        explicit_bzero(secret, strlen(secret));
    free(secret);
}

void run_receiver_free(struct run_receiver *receiver)
{
    free_secret(receiver->authorization);
    free_secret(receiver->secret);
    if (receiver->key.length > 0)
        explicit_bzero(receiver->key.bytes, receiver->key.length);
    buf_free(&receiver->certificate);
    buf_free(&receiver->key);
    receiver->authorization = NULL;
    receiver->secret = NULL;
}

static void say_where(const struct run_receiver *receiver, uint16_t port)
{
    const struct address *address = &receiver->address;
    bool is_tls = receiver->certificate.length > 0;
    log_line(LOG_INFO,
             "receiver: listening on %s://%s%s%s:%" PRIu16
             "/webhooks/revenuecat",
             is_tls ? "https" : "http", address->is_ipv6 ? "[" : "",
             address->host, address->is_ipv6 ? "]" : "", port);
    if (!is_tls && !address_is_loopback(address))
        log_line(LOG_WARNING,
                 "receiver: what comes from other machines comes in plain "
                 "text; give --tls-cert and --tls-key, or let a proxy on this "
                 "machine do TLS");
}

bool run_receiver_start(const struct run_receiver *receiver,
                        const char *database, struct metrics *metrics,
                        struct receiver **started, struct err *err)
{
    bool is_tls = receiver->certificate.length > 0;
    const struct receiver_options options = {
        .database_path = database,
        .address = receiver->address.host,
        .port = receiver->address.port,
        .authorization = receiver->authorization,
        .secret = receiver->secret,
        .tls_certificate = is_tls ? buf_text(&receiver->certificate) : NULL,
        .tls_key = is_tls ? buf_text(&receiver->key) : NULL,
        .add_metrics = metrics_write,
        .metrics_context = metrics,
    };
    if (!receiver_start(&options, started, err))
        return false;
    say_where(receiver, receiver_port(*started));
    return true;
}
