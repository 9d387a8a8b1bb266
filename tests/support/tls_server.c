#include "support/tls_server.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <string.h>

static X509 *make_certificate(EVP_PKEY *key)
{
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    (void)X509_set_version(certificate, 2);
    (void)ASN1_INTEGER_set(X509_get_serialNumber(certificate), 1);
    (void)X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    (void)X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    (void)X509_set_pubkey(certificate, key);
    (void)X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                     (const unsigned char *)"127.0.0.1", -1, -1,
                                     0);
    (void)X509_set_issuer_name(certificate, name);
    X509_EXTENSION *names =
        X509V3_EXT_conf_nid(NULL, NULL, NID_subject_alt_name, "IP:127.0.0.1");
    (void)X509_add_ext(certificate, names, -1);
    assert_true(X509_sign(certificate, key, EVP_sha256()) > 0);
    X509_EXTENSION_free(names);
    return certificate;
}

void tls_server_init(struct tls_server *server, const char *answer)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    *server = (struct tls_server){
        .tls = SSL_CTX_new(TLS_server_method()),
        .certificate = make_certificate(key),
        .answer = answer,
    };
    assert_int_equal(SSL_CTX_use_certificate(server->tls, server->certificate),
                     1);
    assert_int_equal(SSL_CTX_use_PrivateKey(server->tls, key), 1);
    EVP_PKEY_free(key);
}

void tls_server_free(struct tls_server *server)
{
    X509_free(server->certificate);
    SSL_CTX_free(server->tls);
}

static void serve(struct tls_server *server, SSL *tls)
{
    static const char end[] = "\r\n\r\n";
    size_t matched = 0;
    char byte;
    while (SSL_read(tls, &byte, 1) == 1) {
        server->application_bytes++;
        matched = byte == end[matched] ? matched + 1 : byte == end[0];
        if (matched < strlen(end))
            continue;
        matched = 0;
        if (server->answer != NULL &&
            SSL_write(tls, server->answer, (int)strlen(server->answer)) <= 0)
            return;
    }
}

void tls_server_serve(struct raw_connection *connection)
{
    struct tls_server *server = connection->context;
    SSL *tls = SSL_new(server->tls);
    (void)SSL_set_fd(tls, connection->socket);
    if (SSL_accept(tls) == 1)
        serve(server, tls);
    SSL_free(tls);
}
