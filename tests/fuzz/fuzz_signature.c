/* fuzz_signature.c - any text as the header of a signature. What is taken must
 * hold the digest that another way of computing it gives, and a time within
 * the tolerance; a right digest behind any parts must be taken, and not for any
 * other body.
 *
 * The input is the header up to the first zero byte, then the body. */
#include "net/receiver_auth.h"

#include <openssl/hmac.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

enum { HEX_BYTES = 64, TIME_S = 1764000000, MOST_PARTS_BYTES = 700 };

static const char secret[] = "whsec_of_the_fuzzer";

/* Unlike assert(), also there in a Release build. */
static void demand(bool truth, const char *what)
{
    if (truth)
        return;
    (void)fprintf(stderr, "broken: %s\n", what);
    abort();
}

static bool check(const char *header, const char *body, size_t length)
{
    struct err err = {0};
    static struct receiver_auth *auth;
    if (auth == NULL)
        auth = receiver_auth_new(NULL, secret);
    bool good = receiver_auth_check_signature(auth, header, body, length,
                                              TIME_S * INT64_C(1000), &err);
    demand(good || err.text[0] != '\0', "refused for a reason");
    return good;
}

/* The digest over "<time>.<body>" in hex, computed in one go. */
static void digest(const char *time, const char *body, size_t length,
                   char hex[HEX_BYTES + 1])
{
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned int size = 0;
    size_t time_length = strlen(time);
    unsigned char *text = malloc(time_length + 1 + length);
    demand(text != NULL, "there is memory");
    memcpy(text, time, time_length);
    text[time_length] = '.';
    if (length > 0)
        memcpy(text + time_length + 1, body, length);
    demand(HMAC(EVP_sha256(), secret, (int)strlen(secret), text,
                time_length + 1 + length, bytes, &size) != NULL,
           "there is HMAC");
    for (unsigned int i = 0; i < size; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", bytes[i]);
    free(text);
}

/* What was taken has a time in the tolerance, and its digest. */
static void check_taken(const char *header, const char *body, size_t length)
{
    char time[16];
    char hex[HEX_BYTES + 1];
    const char *at = header;
    while (strncmp(at, "t=", 2) != 0 ||
           (at > header && at[-1] != ',' && at[-1] != ' ' && at[-1] != '\t')) {
        at++;
        demand(*at != '\0', "there is a time");
    }
    size_t digits = strspn(at + 2, "0123456789");
    demand(digits > 0 && digits < sizeof(time), "the time is a number");
    memcpy(time, at + 2, digits);
    time[digits] = '\0';
    long long off_s = strtoll(time, NULL, 10) - TIME_S;
    demand(off_s >= -RECEIVER_AUTH_TOLERANCE_S &&
               off_s <= RECEIVER_AUTH_TOLERANCE_S,
           "the time is within the tolerance");
    digest(time, body, length, hex);
    demand(strcasestr(header, hex) != NULL, "the digest is there");
}

/* Parts of any kind in front of a right signature do not spoil it, unless they
 * have a time of their own, or are too much. */
static void check_right(const char *parts, char *body, size_t length)
{
    char header[1024];
    char time[16];
    char hex[HEX_BYTES + 1];
    if (strlen(parts) > MOST_PARTS_BYTES || strstr(parts, "t=") != NULL)
        return;
    (void)snprintf(time, sizeof(time), "%d", TIME_S);
    digest(time, body, length, hex);
    (void)snprintf(header, sizeof(header), "t=%s,%s,v1=%s", time, parts, hex);
    demand(check(header, body, length), "a right signature is taken");
    if (length == 0)
        return;
    body[length / 2] = (char)(body[length / 2] ^ 1);
    demand(!check(header, body, length), "and not for another body");
    body[length / 2] = (char)(body[length / 2] ^ 1);
}

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    char *copy = malloc(size + 1);
    if (copy == NULL)
        return 0;
    if (size > 0)
        memcpy(copy, data, size);
    copy[size] = '\0';
    size_t header = strlen(copy);
    size_t body = header < size ? header + 1 : header;
    /* an exact copy, so that a read behind the end is seen */
    size_t length = size - body;
    char *exact = malloc(length == 0 ? 1 : length);
    if (exact == NULL) {
        free(copy);
        return 0;
    }
    memcpy(exact, copy + body, length);
    if (check(copy, exact, length))
        check_taken(copy, exact, length);
    check_right(copy, exact, length);
    free(exact);
    free(copy);
    return 0;
}
