#include "net/receiver_auth.h"

#include "base/mem.h"
#include "base/text.h"

#include <inttypes.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

enum { DIGEST_BYTES = 32, HEX_BYTES = 2 * DIGEST_BYTES };

/* Times of more digits are refused: they are in no tolerance anyway. */
enum { MOST_TIME_BYTES = 12 };

struct receiver_auth {
    bool demands_value;
    bool knows_value; /* else nothing is right */
    /* A digest, so that the comparison does not tell the length either. */
    unsigned char value_digest[DIGEST_BYTES];
    bool demands_signature;
    EVP_PKEY *key; /* owned; NULL: nothing is right */
};

/* A signature header, taken apart. */
struct signature {
    char time[MOST_TIME_BYTES + 1];
    int64_t time_s;
    int count;           /* of v1 */
    unsigned is_matched; /* not 0: one of them is right */
};

static bool is_space(char byte)
{
    return byte == ' ' || byte == '\t';
}

/* The digest of the value without the spaces around it. */
static bool digest_of(const char *value, unsigned char *digest)
{
    unsigned int size = 0;
    size_t length = strlen(value);
    while (length > 0 && is_space(value[length - 1]))
        length--;
    while (length > 0 && is_space(*value)) {
        value++;
        length--;
    }
    return EVP_Digest(value, length, digest, &size, EVP_sha256(), NULL) == 1;
}

struct receiver_auth *receiver_auth_new(const char *authorization,
                                        const char *secret)
{
    struct receiver_auth *auth = mem_new(sizeof(*auth));
    auth->demands_value = authorization != NULL;
    auth->knows_value =
        authorization != NULL && digest_of(authorization, auth->value_digest);
    auth->demands_signature = secret != NULL;
    if (secret != NULL)
        auth->key = EVP_PKEY_new_raw_private_key(
            EVP_PKEY_HMAC, NULL, (const unsigned char *)secret, strlen(secret));
    return auth;
}

void receiver_auth_free(struct receiver_auth *auth)
{
    if (auth == NULL)
        return;
    EVP_PKEY_free(auth->key);
    explicit_bzero(auth, sizeof(*auth));
    free(auth);
}

bool receiver_auth_needs_body(const struct receiver_auth *auth)
{
    return auth->demands_signature;
}

bool receiver_auth_check_value(const struct receiver_auth *auth,
                               const char *value, struct err *err)
{
    unsigned char digest[DIGEST_BYTES];
    if (!auth->demands_value)
        return true;
    if (value == NULL)
        return err_set(err, ERR_ACCESS, "no Authorization header");
    if (!auth->knows_value || !digest_of(value, digest))
        return err_set(err, ERR_ACCESS, "no SHA-256 in this libcrypto");
    if (CRYPTO_memcmp(digest, auth->value_digest, DIGEST_BYTES) != 0)
        return err_set(err, ERR_ACCESS, "a wrong Authorization value");
    return true;
}

/* --- the signature ------------------------------------------------------- */

static int hex_digit(char byte)
{
    if (byte >= '0' && byte <= '9')
        return byte - '0';
    if (byte >= 'a' && byte <= 'f')
        return byte - 'a' + 10;
    return byte >= 'A' && byte <= 'F' ? byte - 'A' + 10 : -1;
}

static bool read_hex(const char *text, size_t length, unsigned char *digest)
{
    if (length != HEX_BYTES)
        return false;
    for (size_t i = 0; i < DIGEST_BYTES; i++) {
        int high = hex_digit(text[2 * i]);
        int low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        digest[i] = (unsigned char)(high * 16 + low);
    }
    return true;
}

/* The next part of the header, without spaces around it. False: no more. */
static bool next_part(const char **at, const char **part, size_t *length)
{
    if (**at == '\0')
        return false;
    while (is_space(**at))
        (*at)++;
    *part = *at;
    *length = strcspn(*at, ",");
    *at += *length + ((*at)[*length] == ',' ? 1 : 0);
    while (*length > 0 && is_space((*part)[*length - 1]))
        (*length)--;
    return true;
}

/* Exactly one time. */
static bool read_time(const char *header, struct signature *signature)
{
    const char *part;
    size_t length;
    int times = 0;
    while (next_part(&header, &part, &length)) {
        if (length < 2 || strncmp(part, "t=", 2) != 0)
            continue;
        length -= 2;
        if (++times > 1 || length > MOST_TIME_BYTES)
            return false;
        memcpy(signature->time, part + 2, length);
        signature->time[length] = '\0';
    }
    return times == 1 && text_parse_int64(signature->time, 0, INT64_MAX / 1000,
                                          &signature->time_s);
}

/* HMAC-SHA256 over "<t>.<body>". */
static bool sign(EVP_PKEY *key, const char *time, const char *body,
                 size_t length, unsigned char *digest)
{
    size_t size = DIGEST_BYTES;
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    bool done =
        context != NULL && key != NULL &&
        EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) == 1 &&
        EVP_DigestSignUpdate(context, time, strlen(time)) == 1 &&
        EVP_DigestSignUpdate(context, ".", 1) == 1 &&
        EVP_DigestSignUpdate(context, body, length) == 1 &&
        EVP_DigestSignFinal(context, digest, &size) == 1 &&
        size == DIGEST_BYTES;
    EVP_MD_CTX_free(context);
    return done;
}

static void match(const char *header, const unsigned char *right,
                  struct signature *signature)
{
    unsigned char given[DIGEST_BYTES];
    const char *part;
    size_t length;
    while (next_part(&header, &part, &length)) {
        if (length < 3 || strncmp(part, "v1=", 3) != 0 ||
            !read_hex(part + 3, length - 3, given))
            continue;
        signature->count++;
        signature->is_matched |=
            CRYPTO_memcmp(given, right, DIGEST_BYTES) == 0 ? 1U : 0U;
    }
}

static bool check_time(const struct signature *signature, int64_t now_ms,
                       struct err *err)
{
    int64_t off_s = now_ms / 1000 - signature->time_s;
    if (off_s > RECEIVER_AUTH_TOLERANCE_S)
        return err_set(err, ERR_ACCESS,
                       "a signature that is %" PRId64 " s old (%d s are "
                       "allowed; is the clock right?)",
                       off_s, RECEIVER_AUTH_TOLERANCE_S);
    if (off_s < -RECEIVER_AUTH_TOLERANCE_S)
        return err_set(err, ERR_ACCESS,
                       "a signature that is %" PRId64 " s in the future (%d s "
                       "are allowed; is the clock right?)",
                       -off_s, RECEIVER_AUTH_TOLERANCE_S);
    return true;
}

bool receiver_auth_check_signature(const struct receiver_auth *auth,
                                   const char *header, const char *body,
                                   size_t length, int64_t now_ms,
                                   struct err *err)
{
    struct signature signature = {.count = 0};
    unsigned char right[DIGEST_BYTES];
    if (!auth->demands_signature)
        return true;
    if (header == NULL)
        return err_set(err, ERR_ACCESS, "no signature header");
    if (strnlen(header, RECEIVER_AUTH_MOST_HEADER_BYTES + 1) >
            RECEIVER_AUTH_MOST_HEADER_BYTES ||
        !read_time(header, &signature))
        return err_set(err, ERR_ACCESS,
                       "a signature header that is not "
                       "t=<seconds>,v1=<hex>");
    if (!sign(auth->key, signature.time, body, length, right))
        return err_set(err, ERR_ACCESS, "no HMAC-SHA256 in this libcrypto");
    match(header, right, &signature);
    if (signature.count == 0)
        return err_set(err, ERR_ACCESS,
                       "a signature header that is not "
                       "t=<seconds>,v1=<hex>");
    if (signature.is_matched == 0)
        return err_set(err, ERR_ACCESS, "a wrong signature");
    return check_time(&signature, now_ms, err);
}
