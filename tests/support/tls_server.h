/* tls_server.h - TLS with a certificate that nobody but itself vouches for, on
 * the connections of a raw_server. */
#ifndef SUPPORT_TLS_SERVER_H
#define SUPPORT_TLS_SERVER_H

#include "support/raw_server.h"

#include <openssl/ssl.h>

struct tls_server {
    SSL_CTX *tls;
    X509
        *certificate; /* for 127.0.0.1; who trusts this one trusts the server */
    const char *answer;            /* to each head that ends; NULL: none */
    _Atomic int application_bytes; /* that clients let out */
};

/* A key and a certificate of its own; answer is borrowed. */
void tls_server_init(struct tls_server *server, const char *answer);
void tls_server_free(struct tls_server *server);

/* For raw_server_start(), whose context is the struct tls_server. */
void tls_server_serve(struct raw_connection *connection);

#endif
