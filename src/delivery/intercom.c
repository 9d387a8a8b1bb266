#include "delivery/intercom.h"

#include "base/json.h"
#include "base/text.h"

#include <assert.h>
#include <cjson/cJSON.h>
#include <ctype.h>
#include <string.h>

enum {
    MOST_PATH_BYTES = 8 * 1024,
    MOST_BODY_BYTES = 16 * 1024 * 1024, /* a payload, escaped at its worst */
    MOST_STALE_IDS = 3,
    AFTER_CREATE_MS = 1000, /* until /events finds a new contact */
};

static const int64_t MS_PER_HOUR = 60 * 60 * 1000;

/* --- requests ------------------------------------------------------------ */

/* Add text as one segment of a path. */
static void add_segment(struct buf *path, const char *text)
{
    /* "." and ".." would be taken for steps in the path. */
    bool is_step = strspn(text, ".") == strlen(text);
    for (; *text != '\0'; text++) {
        unsigned char byte = (unsigned char)*text;
        bool plain = isalnum(byte) || strchr("-_~", byte) != NULL ||
                     (byte == '.' && !is_step);
        if (plain)
            buf_add_byte(path, (char)byte);
        else
            buf_add_format(path, "%%%02X", byte);
    }
}

/* What a call that writes the contact writes; NULL: nothing. */
static const char *attributes_to_write(const struct intercom_chain *chain)
{
    if (chain->job.attributes != NULL)
        return chain->job.attributes;
    return chain->contact_was_missing ? chain->job.newest_attributes : NULL;
}

static void write_contact(struct intercom_chain *chain, bool is_new)
{
    const char *attributes = attributes_to_write(chain);
    struct json json;
    json_begin(&json, &chain->body);
    json_open_object(&json);
    if (is_new) {
        json_key_text(&json, "role", "user");
        json_key_text(&json, "external_id", chain->job.user_id);
    }
    if (attributes != NULL) {
        json_key(&json, "custom_attributes");
        json_raw(&json, attributes, strlen(attributes));
    }
    json_close(&json);
}

struct route {
    const char *method;
    const char *before; /* the path: before, the id, behind … */
    const char *behind; /* … NULL: before is all of it */
};

static const struct route routes[] = {
    [CALL_CREATE_CONTACT] = {"POST", "/contacts", NULL},
    [CALL_UPDATE_CONTACT] = {"PUT", "/contacts/", ""},
    [CALL_FIND_CONTACT] = {"GET", "/contacts/find_by_external_id/", ""},
    [CALL_UNARCHIVE] = {"POST", "/contacts/", "/unarchive"},
    [CALL_SEND_EVENT] = {"POST", "/events", NULL},
};

static const char *write_path(struct intercom_chain *chain,
                              enum intercom_call call)
{
    const struct route *route = &routes[call];
    if (route->behind == NULL)
        return route->before;
    buf_clear(&chain->path);
    buf_add_text(&chain->path, route->before);
    add_segment(&chain->path, call == CALL_FIND_CONTACT ? chain->job.user_id
                                                        : chain->contact_id);
    buf_add_text(&chain->path, route->behind);
    return buf_text(&chain->path);
}

static void write_body(struct intercom_chain *chain, enum intercom_call call)
{
    buf_clear(&chain->body);
    if (call == CALL_CREATE_CONTACT || call == CALL_UPDATE_CONTACT)
        write_contact(chain, call == CALL_CREATE_CONTACT);
}

/* --- one step ------------------------------------------------------------ */

/* End the chain with a verdict that no single answer has. */
static enum intercom_next end_with(struct verdict *verdict,
                                   enum verdict_action action,
                                   const char *reason)
{
    bool holds = action == VERDICT_HOLD;
    verdict->action = action;
    verdict->reason = reason;
    verdict->costs_try = !holds;
    verdict->probe = holds ? PROBE_DELIVERY : PROBE_NONE;
    text_copy(verdict->mend, sizeof(verdict->mend),
              holds ? verdict_next_step(reason) : "");
    return INTERCOM_END;
}

static enum intercom_next ask_for(struct intercom_chain *chain,
                                  enum intercom_call call,
                                  struct http_request *request)
{
    bool is_event = call == CALL_SEND_EVENT;
    const char *path = write_path(chain, call);
    write_body(chain, call);
    const char *body = is_event                 ? chain->job.event_body
                       : chain->body.length > 0 ? buf_text(&chain->body)
                                                : NULL;
    assert(!chain->path.overflow && !chain->body.overflow);
    chain->call = call;
    chain->calls++;
    chain->event_left_before = chain->event_may_have_left;
    chain->event_may_have_left = chain->event_left_before || is_event;
    *request = (struct http_request){
        .method = routes[call].method,
        .path = path,
        .body = body,
        .body_length = body == NULL ? 0 : strlen(body),
    };
    return INTERCOM_CALL;
}

/* As ask_for(), or the end if the chain is too long. */
static enum intercom_next go_to(struct intercom_chain *chain,
                                enum intercom_call call,
                                struct http_request *request,
                                struct verdict *verdict)
{
    if (chain->calls >= INTERCOM_MOST_CALLS)
        return end_with(verdict, VERDICT_RETRY, REASON_CHAIN_TOO_LONG);
    return ask_for(chain, call, request);
}

/* Make id ("" for none) the contact's. */
static void set_contact(struct intercom_chain *chain, const char *id)
{
    const char *was = chain->job.contact_id;
    if (id != chain->contact_id)
        text_copy(chain->contact_id, sizeof(chain->contact_id), id);
    chain->contact_changed =
        !text_equals(was == NULL ? "" : was, chain->contact_id);
}

/* --- repairs -------------------------------------------------------------- */

/* One answer and where what follows from it goes. */
struct step {
    struct intercom_chain *chain;
    const struct http_answer *answer;
    struct http_request *request;
    struct verdict *verdict;
    int64_t now_ms;
};

static enum intercom_next go_on_to(const struct step *step,
                                   enum intercom_call call)
{
    return go_to(step->chain, call, step->request, step->verdict);
}

/* The contact's id is known: what is left to do with it. */
static enum intercom_next use_contact(const struct step *step)
{
    struct intercom_chain *chain = step->chain;
    if (chain->is_archived && !chain->unarchived)
        return go_on_to(step, CALL_UNARCHIVE);
    if (attributes_to_write(chain) != NULL)
        return go_on_to(step, CALL_UPDATE_CONTACT);
    return go_on_to(step, CALL_SEND_EVENT);
}

/* Delivered, if what was to be written has been confirmed. A web page with
 * status 200 is no proof: a portal answers, or a wrong host, for everybody. */
static enum intercom_next finish(const struct step *step)
{
    const struct intercom_chain *chain = step->chain;
    if (chain->job.attributes != NULL && !chain->attributes_written)
        return end_with(step->verdict, VERDICT_HOLD, REASON_HTML_ANSWER);
    return INTERCOM_END;
}

static enum intercom_next after_contact(const struct step *step)
{
    if (step->chain->job.event_body == NULL)
        return finish(step);
    return go_on_to(step, CALL_SEND_EVENT);
}

static enum intercom_next take_contact_written(const struct step *step)
{
    struct intercom_chain *chain = step->chain;
    char id[INTERCOM_ID_BYTES];
    bool is_new = chain->call == CALL_CREATE_CONTACT;
    if (is_new && intercom_read_contact_id(step->answer, id))
        set_contact(chain, id);
    chain->contact_created = chain->contact_created || is_new;
    if (!step->answer->is_html)
        chain->attributes_written = chain->job.attributes != NULL;
    return after_contact(step);
}

static enum intercom_next take_contact_found(const struct step *step)
{
    char id[INTERCOM_ID_BYTES] = "";
    bool found = intercom_read_contact_id(step->answer, id);
    assert(found); /* the verdict says so */
    (void)found;
    set_contact(step->chain, id);
    return use_contact(step);
}

static enum intercom_next take_success(const struct step *step)
{
    struct intercom_chain *chain = step->chain;
    switch (chain->call) {
    case CALL_CREATE_CONTACT:
    case CALL_UPDATE_CONTACT:
        return take_contact_written(step);
    case CALL_FIND_CONTACT:
        return take_contact_found(step);
    case CALL_UNARCHIVE:
        chain->unarchived = true;
        return use_contact(step);
    default:
        chain->event_sent = true;
        return finish(step);
    }
}

/* Give up the contact's id for another ("": none yet). False: that was done
 * too often in this chain. */
static bool change_contact(const struct step *step, const char *id)
{
    struct intercom_chain *chain = step->chain;
    if (chain->stale_ids == MOST_STALE_IDS) {
        (void)end_with(step->verdict, VERDICT_RETRY, REASON_CONTACT_UNRESOLVED);
        return false;
    }
    chain->stale_ids++;
    chain->is_archived = false;
    chain->unarchived = false;
    set_contact(chain, id);
    return true;
}

static enum intercom_next take_contact_stale(const struct step *step)
{
    if (!change_contact(step, ""))
        return INTERCOM_END;
    return go_on_to(step, CALL_CREATE_CONTACT);
}

static enum intercom_next take_contact_merged(const struct step *step)
{
    struct intercom_chain *chain = step->chain;
    char id[INTERCOM_ID_BYTES];
    bool leads_on = intercom_read_link_id(step->answer->link, id) &&
                    strcmp(id, chain->contact_id) != 0;
    if (!leads_on && chain->call == CALL_FIND_CONTACT)
        return end_with(step->verdict, VERDICT_RETRY,
                        REASON_CONTACT_UNRESOLVED);
    if (!leads_on)
        return take_contact_stale(step);
    return change_contact(step, id) ? use_contact(step) : INTERCOM_END;
}

static enum intercom_next take_contact_exists(const struct step *step)
{
    struct intercom_chain *chain = step->chain;
    struct intercom_error error;
    char id[INTERCOM_ID_BYTES];
    intercom_read_error(step->answer, &error);
    chain->is_archived = strcasestr(error.message, "archived") != NULL;
    if (!intercom_read_conflict_id(error.message, id))
        return go_on_to(step, CALL_FIND_CONTACT);
    set_contact(chain, id);
    return use_contact(step);
}

static enum intercom_next take_contact_missing(const struct step *step)
{
    struct intercom_chain *chain = step->chain;
    if (chain->contact_was_missing)
        return end_with(step->verdict, VERDICT_RETRY, REASON_CONTACT_MISSING);
    chain->contact_was_missing = true;
    if (!chain->contact_created) {
        set_contact(chain, "");
        return go_on_to(step, CALL_CREATE_CONTACT);
    }
    enum intercom_next next = go_on_to(step, CALL_SEND_EVENT);
    chain->wait_before_event_ms = next == INTERCOM_CALL ? AFTER_CREATE_MS : 0;
    return next;
}

static enum intercom_next take_attributes_missing(const struct step *step)
{
    if (step->chain->attributes_created)
        return end_with(step->verdict, VERDICT_HOLD, REASON_ATTRIBUTE_REFUSED);
    return INTERCOM_ATTRIBUTES_MISSING;
}

/* --- the end ---------------------------------------------------------------
 */

/* created_at of the event's body in milliseconds; HTTP_NONE: it has none. */
static int64_t event_time_ms(const char *event_body)
{
    struct err err;
    cJSON *tree = json_parse(event_body, strlen(event_body), &err);
    const cJSON *time = cJSON_GetObjectItemCaseSensitive(tree, "created_at");
    bool usable = cJSON_IsNumber(time) && time->valuedouble > 0 &&
                  time->valuedouble < 1e12;
    int64_t ms = usable ? (int64_t)time->valuedouble * 1000 : HTTP_NONE;
    cJSON_Delete(tree);
    return ms;
}

/* An event of the future waits for its time on Intercom's clock, which the
 * Date header tells to the second; an hour where that cannot be told. */
static void wait_for_event_time(const struct step *step)
{
    int64_t event_ms = event_time_ms(step->chain->job.event_body);
    int64_t theirs_ms = step->now_ms;
    if (step->answer->date_s > 0 && step->answer->date_s < INT64_C(1) << 42)
        theirs_ms = step->answer->date_s * 1000;
    int64_t wait_ms = MS_PER_HOUR;
    if (event_ms != HTTP_NONE && event_ms >= theirs_ms)
        wait_ms = event_ms - theirs_ms + 1000;
    if (wait_ms > 24 * MS_PER_HOUR)
        wait_ms = 24 * MS_PER_HOUR;
    if (wait_ms > step->verdict->floor_ms)
        step->verdict->floor_ms = wait_ms;
}

static enum intercom_next take_end(const struct step *step)
{
    if (text_equals(step->verdict->reason, REASON_FUTURE_CREATED_AT))
        wait_for_event_time(step);
    return INTERCOM_END;
}

/* True if the answer proves that POST /events did nothing. 408, 409, 425 and
 * all of 2xx and 5xx prove nothing of the kind. */
static bool proves_no_action(const struct http_answer *answer)
{
    if (answer->end != HTTP_ANSWERED)
        return answer->end == HTTP_NOT_SENT;
    int status = answer->status;
    return status >= 300 && status <= 499 && status != 408 && status != 409 &&
           status != 425;
}

/* --- the chain -------------------------------------------------------------
 */

enum intercom_next intercom_begin(struct intercom_chain *chain,
                                  const struct intercom_job *job,
                                  struct http_request *request)
{
    assert(job->attributes != NULL || job->event_body != NULL);
    *chain = (struct intercom_chain){.job = *job};
    buf_init(&chain->path, MOST_PATH_BYTES);
    buf_init(&chain->body, MOST_BODY_BYTES);
    bool usable =
        job->contact_id != NULL && strlen(job->contact_id) < INTERCOM_ID_BYTES;
    set_contact(chain, usable ? job->contact_id : "");
    if (job->attributes == NULL)
        return ask_for(chain, CALL_SEND_EVENT, request);
    bool known = chain->contact_id[0] != '\0';
    return ask_for(chain, known ? CALL_UPDATE_CONTACT : CALL_CREATE_CONTACT,
                   request);
}

enum intercom_next intercom_take_answer(struct intercom_chain *chain,
                                        const struct http_answer *answer,
                                        int64_t now_ms,
                                        struct http_request *request,
                                        struct verdict *verdict)
{
    static enum intercom_next (*const takers[])(const struct step *) = {
        [VERDICT_GO_ON] = take_success,
        [VERDICT_RETRY] = take_end,
        [VERDICT_FAIL] = take_end,
        [VERDICT_HOLD] = take_end,
        [VERDICT_WAIT] = take_end,
        [VERDICT_CREATE_ATTRIBUTES] = take_attributes_missing,
        [VERDICT_CONTACT_MISSING] = take_contact_missing,
        [VERDICT_CONTACT_EXISTS] = take_contact_exists,
        [VERDICT_CONTACT_STALE] = take_contact_stale,
        [VERDICT_CONTACT_MERGED] = take_contact_merged,
    };
    const struct step step = {chain, answer, request, verdict, now_ms};
    verdict_judge(chain->call, answer, now_ms, verdict);
    chain->wait_before_event_ms = 0;
    if (chain->call == CALL_SEND_EVENT && proves_no_action(answer))
        chain->event_may_have_left = chain->event_left_before;
    return takers[verdict->action](&step);
}

enum intercom_next intercom_resume(struct intercom_chain *chain,
                                   struct http_request *request,
                                   struct verdict *verdict)
{
    *verdict = (struct verdict){.result = "the attributes were created"};
    chain->attributes_created = true;
    return go_to(chain, chain->call, request, verdict);
}

void intercom_free(struct intercom_chain *chain)
{
    buf_free(&chain->path);
    buf_free(&chain->body);
}
