#include "net/sandbox_answer.h"

#include "base/mem.h"
#include "net/sandbox_listing.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    LISTING_BLOCK_BYTES = 64 * 1024,
    MISSING_BYTES = 64, /* what a cut answer announces and does not send */
};

/* A listing on its way out. */
struct stream {
    struct sandbox_listing *listing;
    pthread_mutex_t *lock;
};

/* An answer that ends too early. */
struct cut {
    char *bytes;
    size_t length;
};

static ssize_t read_stream(void *context, uint64_t position, char *bytes,
                           size_t size)
{
    struct stream *stream = context;
    (void)position;
    pthread_mutex_lock(stream->lock);
    size_t got = sandbox_listing_read(stream->listing, bytes, size);
    pthread_mutex_unlock(stream->lock);
    return got == 0 ? MHD_CONTENT_READER_END_OF_STREAM : (ssize_t)got;
}

static void free_stream(void *context)
{
    struct stream *stream = context;
    sandbox_listing_free(stream->listing);
    free(stream);
}

static ssize_t read_cut(void *context, uint64_t position, char *bytes,
                        size_t size)
{
    const struct cut *cut = context;
    if (position >= cut->length)
        return MHD_CONTENT_READER_END_WITH_ERROR;
    size_t left = cut->length - (size_t)position;
    size_t take = left < size ? left : size;
    memcpy(bytes, cut->bytes + position, take);
    return (ssize_t)take;
}

static void free_cut(void *context)
{
    struct cut *cut = context;
    free(cut->bytes);
    free(cut);
}

static struct MHD_Response *make_stream(struct sandbox_reply *reply,
                                        pthread_mutex_t *lock)
{
    struct stream *stream = mem_new(sizeof(*stream));
    *stream = (struct stream){reply->listing, lock};
    reply->listing = NULL;
    return MHD_create_response_from_callback(MHD_SIZE_UNKNOWN,
                                             LISTING_BLOCK_BYTES, read_stream,
                                             stream, free_stream);
}

static struct MHD_Response *make_cut(struct sandbox_reply *reply)
{
    struct cut *cut = mem_new(sizeof(*cut));
    /* At least one byte: libmicrohttpd 0.9.75 leaves the connection open when
     * the very first read of a body fails. */
    if (reply->body.length == 0)
        buf_add_byte(&reply->body, '\n');
    cut->length = (reply->body.length + 1) / 2;
    uint64_t announced = reply->body.length + MISSING_BYTES;
    cut->bytes = buf_take(&reply->body);
    return MHD_create_response_from_callback(announced, 4096, read_cut, cut,
                                             free_cut);
}

static struct MHD_Response *make_whole(struct sandbox_reply *reply)
{
    static char nothing[] = "";
    size_t length = reply->body.length;
    if (length == 0)
        return MHD_create_response_from_buffer(0, nothing,
                                               MHD_RESPMEM_PERSISTENT);
    return MHD_create_response_from_buffer(length, buf_take(&reply->body),
                                           MHD_RESPMEM_MUST_FREE);
}

static void add_number(struct MHD_Response *response, const char *name,
                       int64_t number)
{
    char text[24];
    (void)snprintf(text, sizeof(text), "%" PRId64, number);
    MHD_add_response_header(response, name, text);
}

static void add_headers(struct MHD_Response *response,
                        const struct sandbox_reply *reply)
{
    MHD_add_response_header(response, "X-Request-Id", reply->request_id);
    if (reply->content_type != NULL)
        MHD_add_response_header(response, "Content-Type", reply->content_type);
    if (reply->link[0] != '\0')
        MHD_add_response_header(response, "Link", reply->link);
    if (reply->status == 301 || reply->status == 302)
        MHD_add_response_header(response, "Location", "/elsewhere");
    if (reply->has_quota) {
        add_number(response, "X-RateLimit-Limit", reply->quota_limit);
        add_number(response, "X-RateLimit-Remaining", reply->quota_remaining);
        add_number(response, "X-RateLimit-Reset", reply->quota_reset_s);
    }
}

enum MHD_Result sandbox_answer_queue(struct MHD_Connection *connection,
                                     struct sandbox_reply *reply, bool is_cut,
                                     pthread_mutex_t *lock)
{
    struct MHD_Response *response = NULL;
    if (reply->listing != NULL)
        response = make_stream(reply, lock);
    else if (is_cut)
        response = make_cut(reply);
    else
        response = make_whole(reply);
    if (response == NULL)
        return MHD_NO;
    add_headers(response, reply);
    enum MHD_Result queued =
        MHD_queue_response(connection, (unsigned)reply->status, response);
    MHD_destroy_response(response);
    return queued;
}
