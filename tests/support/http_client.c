#include "support/http_client.h"

#include "base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

const struct http_request client_get_me = {.method = "GET", .path = "/me"};
const struct http_request client_post_event = {
    .method = "POST",
    .path = "/events",
    .body = "{\"event_name\":\"x\"}",
    .body_length = 18,
};

void client_open_with(struct client *client,
                      const struct http_curl_options *options)
{
    struct err err;
    if (!http_curl_new(options, &client->http, &err))
        fail_msg("%s", err.text);
    client->seam = http_curl_seam(client->http);
}

void client_open(struct client *client, int port, int64_t timeout_ms)
{
    char url[64];
    (void)snprintf(url, sizeof(url), "http://127.0.0.1:%d", port);
    const struct http_curl_options options = {
        .api_url = url,
        .token = "secret-token",
        .connections = 8,
        .timeout_ms = timeout_ms,
    };
    client_open_with(client, &options);
}

void client_close(struct client *client)
{
    http_curl_free(client->http);
}

void client_start(struct client *client, struct client_call *call)
{
    client_call_free(call);
    call->is_done = false;
    client->seam->start(client->seam->context, &call->request, call);
}

void client_take_done(struct client *client)
{
    struct http_done done;
    while (client->seam->next_done(client->seam->context, &done)) {
        struct client_call *call = done.owner;
        assert_false(call->is_done);
        call->is_done = true;
        call->answer = done.answer;
        assert_non_null(done.answer.body);
        assert_int_equal(done.answer.body[done.answer.body_length], '\0');
        call->answer.body =
            mem_copy_bytes(done.answer.body, done.answer.body_length);
    }
}

void client_finish(struct client *client, struct client_call *call)
{
    client_take_done(client);
    while (!call->is_done) {
        client->seam->wait(client->seam->context, -1, 60 * 1000);
        client_take_done(client);
    }
}

void client_call(struct client *client, struct client_call *call)
{
    client_start(client, call);
    client_finish(client, call);
}

void client_call_free(struct client_call *call)
{
    free((char *)(uintptr_t)call->answer.body);
    call->answer = (struct http_answer){0};
}

void client_expect_end(const struct client_call *call, enum http_end end,
                       enum http_trouble trouble)
{
    assert_true(call->is_done);
    assert_int_equal(call->answer.end, end);
    assert_int_equal(call->answer.trouble, trouble);
    assert_true(call->answer.trouble_text[0] != '\0');
    assert_true(call->answer.took_ms >= 0);
    assert_true(call->answer.started_ms > 0);
}
