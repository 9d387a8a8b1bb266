"""Webhook bodies as RevenueCat sends them, and files of them."""

import json
import os

from figures import HERE

FIRST_MS = 1764000000000
MONTH_MS = 30 * 24 * 3600 * 1000

with open(os.path.join(HERE, "..", "data", "webhooks", "renewal.json"),
          encoding="utf-8") as _file:
    RENEWAL = json.load(_file)


def webhook(number, user, changes=False):
    """A renewal, a second after the one before. With changes, the contact's
    attributes are others each time."""
    event = dict(RENEWAL["event"])
    at_ms = FIRST_MS + number * 1000
    event.update(id=f"bench-{number:08}-7a44-4b7e-9c1b-000000000005",
                 app_user_id=user, event_timestamp_ms=at_ms,
                 purchased_at_ms=at_ms,
                 expiration_at_ms=FIRST_MS + MONTH_MS
                 + changes * number * 1000)
    return json.dumps({"api_version": "1.0", "event": event},
                      separators=(",", ":"))


def webhooks(count, users, changes=False, first=0, stride=1):
    """Of each user in turn; with a stride, those who follow one another are
    not neighbours in an index."""
    for number in range(first, first + count):
        yield webhook(number, f"user-{number * stride % users}", changes)


def write_webhooks(path, *arguments, **more):
    """A body a line, for enqueue."""
    with open(path, "w", encoding="utf-8") as file:
        for body in webhooks(*arguments, **more):
            file.write(body + "\n")
    return path


def write_rows(path, count, users, first=0):
    """The same with their columns, for the tools (tests/bench/sql.h)."""
    seen = set()
    with open(path, "w", encoding="utf-8") as file:
        for body in webhooks(count, users, first=first):
            event = json.loads(body)["event"]
            user = event["app_user_id"]
            due = "" if user in seen else "0"
            seen.add(user)
            file.write(f"{event['id']}\t{user}\t{due}\t{body}\n")
    return path
