#include "delivery/verdict.h"

#include "base/text.h"

/* The words that stand in outbox_delivery.reason and outbox_attempt.reason
 * (those of skipped ones are mapping.h's). They are kept for ever: filters,
 * alerts and old databases use them. */
/* clang-format off */
static const struct verdict_reason reasons[] = {
    /* --- the destination is held ---------------------------------------- */
    {"token_refused", "Intercom refused the access token",
     "Put a valid token into the token file, which is read again at once; or "
     "set $INTERCOM_TOKEN and start the relay anew."},
    {"certificate", "the server's TLS certificate is not to be trusted",
     "Check the API URL, the system clock, the CA certificates and any proxy."},
    {"plan_restricted", "the Intercom plan does not include this",
     "Check the workspace's plan and billing in Intercom; then resume."},
    {"forbidden", "the token may not do this",
     "Give the token's app permission to write users and events; then "
     "resume."},
    {"redirected", "the server sent us elsewhere",
     "Set --api-url or --region to the address of the workspace's region."},
    {"wrong_version", "Intercom does not know the API version",
     "Check --api-url; if it is Intercom's own, a newer subrelay is needed."},
    {"wrong_host", "the server does not have Intercom's paths",
     "Set --api-url to Intercom's own host, without a path behind it."},
    {"html_answer", "a web page came instead of Intercom's answer",
     "Check --api-url, and whether a proxy or a login portal answers."},
    {"attribute_refused", "Intercom refused one of our contact attributes",
     "In Intercom, restore the attribute, or give it the type that `check` "
     "shows; then resume."},
    {"attributes_missing", "the contact attributes may not be created by us",
     "Create these by hand in Intercom: latest_store, latest_entitlement, "
     "subscription_status (text), expires_at (date)."},
    {"quota", "Intercom's rate limit is used up",
     "Nothing to do: sending goes on when the next window begins."},
    /* --- the delivery failed for good ------------------------------------ */
    {"name_archived", "the event's name is archived in Intercom",
     "Restore the name in Intercom, or change it; then retry."},
    {"too_many_names", "the workspace has 120 active event names",
     "Archive names that are not used in Intercom, or use one of them; then "
     "retry."},
    {"event_refused", "Intercom refused the event",
     "Read the last answer; change the event's name if it is about it; then "
     "retry, or discard."},
    {"contact_refused", "Intercom refused the contact",
     "Read the last answer; mend the user in Intercom; then retry, or "
     "discard."},
    {"too_large", "Intercom refused the event as too large",
     "It cannot be sent as it is: discard it."},
    {"contact_deleted", "the contact was deleted for good in Intercom",
     "Intercom will not take this user again: discard."},
    {"invalid_event", "the event cannot be mapped",
     "Mend the producer; then enqueue the event under a new id, and discard "
     "this one."},
    {"gave_up", "it was tried for too long",
     "Look at the attempts; retry when their cause is gone."},
    /* --- it is tried again by itself -------------------------------------- */
    {"contact_missing", "Intercom does not find the contact",
     "It is tried for an hour. If it failed: look for the user in Intercom; "
     "then retry."},
    {"contact_unresolved", "the contact exists, but Intercom does not tell it",
     "It is tried again. If it lasts: look for duplicates of the user in "
     "Intercom."},
    {"future_created_at", "the event's time is in Intercom's future",
     "It is sent when its time has come. Check the producer's clock."},
    {"server_error", "Intercom could not answer",
     "It is tried again. If it lasts: see Intercom's status page."},
    {"timed_out", "no answer came in time",
     "The same bytes are sent again; Intercom drops what it has already."},
    {"connection_reset", "the connection broke before the answer",
     "The same bytes are sent again; Intercom drops what it has already."},
    {"interrupted", "the relay ended before the answer",
     "The same bytes are sent again; Intercom drops what it has already."},
    {"relay_ended", "the relay was killed before the answer",
     "The same bytes are sent again; Intercom drops what it has already."},
    {"recalled", "it was taken back before it was sent",
     "It is sent when Intercom can be sent to again."},
    {"not_connected", "there was no connection",
     "It is tried again. If it lasts: check the network, DNS and proxy."},
    {"chain_too_long", "it took more calls than one attempt may make",
     "It is tried again. If it lasts: look at its calls and at the user."},
    {"unexpected_answer", "the answer was not one of Intercom's",
     "It is tried again. If it lasts: check --api-url and any proxy."},
};
/* clang-format on */

enum { REASON_COUNT = sizeof(reasons) / sizeof(reasons[0]) };

const struct verdict_reason *verdict_reasons(size_t *count)
{
    *count = REASON_COUNT;
    return reasons;
}

const struct verdict_reason *verdict_find_reason(const char *word)
{
    for (size_t i = 0; i < REASON_COUNT; i++) {
        if (text_equals(reasons[i].word, word))
            return &reasons[i];
    }
    return NULL;
}

const char *verdict_next_step(const char *reason)
{
    const struct verdict_reason *row = verdict_find_reason(reason);
    return row != NULL ? row->next_step
                       : "Look at the last answer; retry when its cause is "
                         "gone.";
}
