/* bench_floor_curl.c - libcurl alone: the calls of a file, over so many
 * connections, and nothing else. What a relay could reach at most.
 *
 *   bench_floor_curl URL CONNECTIONS FILE
 *
 * The file has a call a line: METHOD PATH BODY. Each connection makes the next
 * call as soon as it has an answer. Options and headers are those of
 * src/net/http_curl_call.c. Ends with 1 if a call had no answer of 2xx. */
#include "base/buf.h"
#include "base/file.h"
#include "base/mem.h"

#include <curl/curl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_CONNECTIONS = 1024, MOST_URL_BYTES = 512 };

struct line {
    const char *method;
    const char *path;
    const char *body;
};

/* One that makes calls. */
struct caller {
    CURL *easy;
    CURLU *url;
    const char *path; /* of the call before; NULL: none */
};

struct floor {
    const char *url;
    struct line *lines;
    size_t count;
    size_t next;
    size_t failed;
    CURLM *multi;
    struct curl_slist *headers;
};

static void end_with(const char *what)
{
    (void)fprintf(stderr, "bench_floor_curl: %s\n", what);
    exit(EXIT_FAILURE);
}

/* Cut the text at the byte and return what stands behind. */
static char *cut(char *text, char byte)
{
    char *at = strchr(text, byte);
    if (at == NULL)
        end_with("a line is not METHOD PATH BODY");
    *at = '\0';
    return at + 1;
}

/* The lines point into the text. */
static void read_lines(struct floor *floor, char *text)
{
    size_t capacity = 0;
    while (*text != '\0') {
        if (floor->count == capacity) {
            capacity = capacity * 2 + 1024;
            floor->lines =
                mem_resize(floor->lines, capacity * sizeof(*floor->lines));
        }
        struct line *line = &floor->lines[floor->count++];
        char *rest = cut(text, '\n');
        line->method = text;
        char *path = cut(text, ' ');
        line->path = path;
        line->body = cut(path, ' ');
        text = rest;
    }
}

static size_t drop_body(const char *bytes, size_t size, size_t count,
                        void *context)
{
    (void)bytes;
    (void)context;
    return size * count;
}

static struct caller *make_caller(const struct floor *floor)
{
    struct caller *caller = mem_new(sizeof(*caller));
    CURL *easy = curl_easy_init();
    *caller = (struct caller){.easy = easy, .url = curl_url()};
    if (easy == NULL || caller->url == NULL)
        end_with("libcurl is out of memory");
    (void)curl_easy_setopt(easy, CURLOPT_PRIVATE, caller);
    (void)curl_easy_setopt(easy, CURLOPT_CURLU, caller->url);
    (void)curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
    (void)curl_easy_setopt(easy, CURLOPT_HTTP_VERSION,
                           (long)CURL_HTTP_VERSION_1_1);
    (void)curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_TCP_NODELAY, 1L);
    (void)curl_easy_setopt(easy, CURLOPT_PROXY, "");
    (void)curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, 30000L);
    (void)curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, drop_body);
    (void)curl_easy_setopt(easy, CURLOPT_HTTPHEADER, floor->headers);
    (void)curl_easy_setopt(easy, CURLOPT_POST, 1L);
    return caller;
}

static void free_caller(struct caller *caller)
{
    curl_easy_cleanup(caller->easy);
    curl_url_cleanup(caller->url);
    free(caller);
}

static void set_path(const struct floor *floor, struct caller *caller,
                     const char *path)
{
    char url[MOST_URL_BYTES];
    if (caller->path != NULL && strcmp(caller->path, path) == 0)
        return;
    caller->path = path;
    (void)snprintf(url, sizeof(url), "%s%s", floor->url, path);
    if (curl_url_set(caller->url, CURLUPART_URL, url, 0) != CURLUE_OK)
        end_with("a path makes no URL");
}

static void start(struct floor *floor, struct caller *caller)
{
    const struct line *line = &floor->lines[floor->next++];
    CURL *easy = caller->easy;
    set_path(floor, caller, line->path);
    (void)curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, line->method);
    (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                           (curl_off_t)strlen(line->body));
    (void)curl_easy_setopt(easy, CURLOPT_POSTFIELDS, line->body);
    if (curl_multi_add_handle(floor->multi, easy) != CURLM_OK)
        end_with("a call cannot be made");
}

/* True if there were any. */
static bool take_answers(struct floor *floor)
{
    int left;
    bool took = false;
    CURLMsg *message;
    while ((message = curl_multi_info_read(floor->multi, &left)) != NULL) {
        CURL *easy = message->easy_handle;
        took = true;
        char *private = NULL;
        long status = 0;
        CURLcode code = message->data.result;
        (void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
        floor->failed += code != CURLE_OK || status < 200 || status > 299;
        (void)curl_easy_getinfo(easy, CURLINFO_PRIVATE, &private);
        struct caller *caller = (struct caller *)(void *)private;
        (void)curl_multi_remove_handle(floor->multi, easy);
        if (floor->next < floor->count)
            start(floor, caller);
        else
            free_caller(caller);
    }
    return took;
}

static void set_headers(struct floor *floor)
{
    static const char *const headers[] = {
        "Authorization: Bearer a-token-for-the-sandbox",
        "Intercom-Version: 2.16",
        "Content-Type: application/json",
        "Accept: application/json",
        "Expect:",
    };
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++)
        floor->headers = curl_slist_append(floor->headers, headers[i]);
}

static void run(struct floor *floor, long connections)
{
    int running = 1;
    floor->multi = curl_multi_init();
    (void)curl_multi_setopt(floor->multi, CURLMOPT_MAXCONNECTS, connections);
    for (long i = 0; i < connections && floor->next < floor->count; i++)
        start(floor, make_caller(floor));
    bool took;
    do {
        (void)curl_multi_perform(floor->multi, &running);
        took = take_answers(floor);
        if (!took && running > 0)
            (void)curl_multi_poll(floor->multi, NULL, 0, 1000, NULL);
    } while (took || running > 0);
    (void)curl_multi_cleanup(floor->multi);
}

int main(int count, char **words)
{
    struct floor floor = {0};
    struct err err;
    struct buf text;
    long connections = count == 4 ? strtol(words[2], NULL, 10) : 0;
    if (connections < 1 || connections > MOST_CONNECTIONS)
        end_with("give URL CONNECTIONS FILE");
    buf_init(&text, SIZE_MAX / 4);
    if (!file_read(words[3], &text, &err))
        end_with(err.text);
    floor.url = words[1];
    read_lines(&floor, text.bytes);
    (void)curl_global_init(CURL_GLOBAL_DEFAULT);
    set_headers(&floor);
    run(&floor, connections);
    curl_slist_free_all(floor.headers);
    curl_global_cleanup();
    free(floor.lines);
    buf_free(&text);
    if (floor.failed > 0)
        end_with("some calls were not answered 2xx");
    return EXIT_SUCCESS;
}
