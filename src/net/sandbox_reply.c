#include "net/sandbox_reply.h"

#include "base/json.h"
#include "net/sandbox_listing.h"
#include "net/sandbox_table.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>

enum { MOST_BODY_BYTES = 16 << 20 };

static const struct {
    int status;
    const char *code;
    const char *message;
} errors[] = {
    {400, "bad_request", "Bad Request"},
    {401, "unauthorized", "Access Token Invalid"},
    {402, "api_plan_restricted", "Active subscription needed"},
    {403, "forbidden", "The token has no permission for this"},
    {404, "not_found", "Resource Not Found"},
    {405, "method_not_allowed", "Method Not Allowed"},
    {408, "request_timeout", "Request Timeout"},
    {409, "conflict", "Resource Conflict"},
    {410, "contact_merged",
     "This contact has been merged. See the 'Link' header for the canonical "
     "contact."},
    {413, "parameter_invalid", "Request Entity Too Large"},
    {415, "parameter_invalid", "The Content-Type must be application/json"},
    {422, "unprocessable_entity", "Unprocessable Entity"},
    {425, "client_error", "Too Early"},
    {429, "rate_limit_exceeded", "Exceeded rate limit"},
    {500, "server_error", "Internal Server Error"},
    {502, "server_error", "Bad Gateway"},
    {503, "service_unavailable", "Service Unavailable"},
    {504, "server_timeout", "Gateway Timeout"},
};

void sandbox_reply_init(struct sandbox_reply *reply, uint64_t seed,
                        uint64_t number)
{
    *reply = (struct sandbox_reply){.status = 200};
    buf_init(&reply->body, MOST_BODY_BYTES);
    uint64_t high = sandbox_hash(seed, &number, sizeof(number));
    uint64_t low = sandbox_hash(high, "request", 7);
    (void)snprintf(reply->request_id, sizeof(reply->request_id),
                   "%08" PRIx32 "-%04" PRIx32 "-4%03" PRIx32 "-8%03" PRIx32
                   "-%012" PRIx64,
                   (uint32_t)(high >> 32), (uint32_t)(high >> 16 & 0xFFFF),
                   (uint32_t)(high & 0xFFF), (uint32_t)(low >> 52),
                   low & UINT64_C(0xFFFFFFFFFFFF));
}

void sandbox_reply_free(struct sandbox_reply *reply)
{
    buf_free(&reply->body);
    sandbox_listing_free(reply->listing);
    reply->listing = NULL;
}

void sandbox_reply_error(struct sandbox_reply *reply, int status,
                         const char *code, const char *field,
                         const char *format, ...)
{
    char message[512];
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, sizeof(message), format, arguments);
    va_end(arguments);

    struct json json;
    reply->status = status;
    reply->content_type = "application/json; charset=utf-8";
    buf_clear(&reply->body);
    json_begin(&json, &reply->body);
    json_open_object(&json);
    json_key_text(&json, "type", "error.list");
    json_key_text(&json, "request_id", reply->request_id);
    json_key(&json, "errors");
    json_open_array(&json);
    json_open_object(&json);
    json_key_text(&json, "code", code);
    json_key_text(&json, "message", message);
    if (field != NULL)
        json_key_text(&json, "field", field);
    json_close(&json);
    json_close(&json);
    json_close(&json);
}

bool sandbox_reply_status(struct sandbox_reply *reply, int status)
{
    for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++) {
        if (errors[i].status != status)
            continue;
        sandbox_reply_error(reply, status, errors[i].code, NULL, "%s",
                            errors[i].message);
        return true;
    }
    return false;
}

void sandbox_reply_html(struct sandbox_reply *reply, int status)
{
    reply->status = status;
    reply->content_type = "text/html; charset=utf-8";
    buf_clear(&reply->body);
    buf_add_format(&reply->body,
                   "<!DOCTYPE html>\n<html><head><title>%d</title></head>"
                   "<body><h1>%d</h1><p>This page is not from the API."
                   "</p></body></html>\n",
                   status, status);
}
