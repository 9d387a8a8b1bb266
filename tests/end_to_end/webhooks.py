"""Plausible webhooks, and what must become of each.

Both after what is public about RevenueCat's webhooks and its Intercom
integration, and independent of the C code: a mistake there must show here.
"""

import uuid

# 2025-01-01, and how far from it the events of a test are.
FIRST_SECOND = 1_735_689_600
SPAN_SECONDS = 25_000_000

_APP_STORE = ("APP_STORE", "MAC_APP_STORE")
_WEB = ("STRIPE", "RC_BILLING", "PADDLE")

# kind: (default name, where created_at comes from, stores not tracked)
KINDS = {
    "initial_purchase": ("rc_initial_purchase_event", "purchased_at_ms",
                         ("PROMOTIONAL",)),
    "trial_started": ("rc_trial_started_event", "purchased_at_ms", ()),
    "trial_converted": ("rc_trial_converted_event", "purchased_at_ms", ()),
    "trial_cancelled": ("rc_trial_cancelled_event", "event_timestamp_ms", ()),
    "renewal": ("rc_renewal_event", "purchased_at_ms", ("PROMOTIONAL",)),
    "cancellation": ("rc_cancellation_event", "event_timestamp_ms", ()),
    "non_subscription_purchase": ("rc_non_subscription_purchase_event",
                                  "purchased_at_ms", ()),
    "expiration": ("rc_expiration_event", "expiration_at_ms", ()),
    "billing_issue": ("rc_billing_issue_event", "event_timestamp_ms",
                      ("PROMOTIONAL",)),
    "product_change": ("rc_product_change_event", "event_timestamp_ms",
                       ("PROMOTIONAL", "AMAZON")),
}

ATTRIBUTES_ONLY = ("UNCANCELLATION", "SUBSCRIPTION_PAUSED",
                   "SUBSCRIPTION_EXTENDED")


def kind_of(event):
    """The kind's word; None: attributes only; "": nothing for Intercom."""
    trial = event.get("period_type") == "TRIAL"
    name = event["type"]
    if name == "INITIAL_PURCHASE":
        return "trial_started" if trial else "initial_purchase"
    if name == "RENEWAL":
        conversion = event.get("is_trial_conversion") is True
        return "trial_converted" if conversion else "renewal"
    if name == "CANCELLATION":
        return "trial_cancelled" if trial else "cancellation"
    if name in ATTRIBUTES_ONLY:
        return None
    plain = name.lower()
    if name == "NON_RENEWING_PURCHASE":
        plain = "non_subscription_purchase"
    return plain if plain in KINDS and name in (
        "NON_RENEWING_PURCHASE", "EXPIRATION", "BILLING_ISSUE",
        "PRODUCT_CHANGE") else ""


def status_of(event):
    """subscription_status; None: the key is left out."""
    name, period = event["type"], event.get("period_type")
    promotional = event.get("store") == "PROMOTIONAL"
    if name == "CANCELLATION":
        return "cancelled_trial" if period == "TRIAL" else "cancelled"
    if name == "BILLING_ISSUE":
        if event.get("grace_period_expiration_at_ms") is None:
            return None
        return "grace_period_trial" if period == "TRIAL" else "grace_period"
    if name == "EXPIRATION":
        if promotional:
            return "expired_promotional"
        paused = event.get("expiration_reason") == "SUBSCRIPTION_PAUSED"
        return "paused" if paused else "expired"
    if name == "SUBSCRIPTION_PAUSED":
        return "paused"
    if name == "NON_RENEWING_PURCHASE":
        return "promotional" if promotional else None
    return {"TRIAL": "trial", "INTRO": "intro",
            "PROMOTIONAL": "promotional"}.get(period, "active")


def attributes_of(event):
    """The contact's custom attributes as written; None values clear."""
    entitlements = event.get("entitlement_ids") or [None]
    expires_ms = event.get("expiration_at_ms")
    attributes = {
        "latest_store": event.get("store"),
        "latest_entitlement": entitlements[0],
        "expires_at": None if expires_ms is None else expires_ms // 1000,
    }
    if status_of(event) is not None:
        attributes["subscription_status"] = status_of(event)
    return attributes


def data_event_of(event, kind):
    """The body of POST /events: metadata without nulls."""
    name, time, _ = KINDS[kind]
    attributes = attributes_of(event)
    metadata = {
        "product_identifier": event.get("product_id"),
        "entitlement": attributes["latest_entitlement"],
        "store": event.get("store"),
        "expires_at": attributes["expires_at"],
        "environment": (event.get("environment") or "").lower() or None,
        "app_id": event.get("app_id"),
    }
    if kind in ("cancellation", "trial_cancelled"):
        metadata["cancellation_reason"] = event.get("cancel_reason")
    if kind == "expiration":
        metadata["expiration_reason"] = event.get("expiration_reason")
    return {
        "event_name": name,
        "user_id": event["app_user_id"],
        "created_at": event[time] // 1000,
        "metadata": without_nulls(metadata),
    }


def without_nulls(values):
    return {key: value for key, value in values.items() if value is not None}


class Expected:
    """What must become of one webhook."""

    def __init__(self, state, reason=None, kind=None):
        self.state = state
        self.reason = reason
        self.kind = kind
        self.user = None
        self.attributes = None
        self.data_event = None


def expect(webhook, send_sandbox_events=False):
    """What must become of it while Intercom takes everything."""
    event = webhook["event"]
    kind = kind_of(event)
    if kind == "":
        return Expected("skipped", "no_intercom_event")
    is_sandbox = (event.get("environment") or "").upper() == "SANDBOX"
    if is_sandbox and not send_sandbox_events:
        return Expected("skipped", "sandbox_event", kind)
    if not event.get("app_user_id"):
        return Expected("skipped", "no_user", kind)
    if kind is not None:
        _, time, untracked = KINDS[kind]
        if event.get("store") in untracked:
            return Expected("skipped", "store_not_tracked", kind)
        if event.get(time) is None:
            return Expected("failed", "invalid_event", kind)
    expected = Expected("delivered", None, kind)
    expected.user = event["app_user_id"]
    expected.attributes = attributes_of(event)
    if kind is not None:
        expected.data_event = data_event_of(event, kind)
    return expected


class Workspace:
    """What Intercom must hold after webhooks were delivered in this order.

    calls counts what a relay that ran without a break and met no fault needs:
    none for attributes that are there already.
    """

    def __init__(self, now_s):
        self.now_ms = now_s * 1000
        self.attributes = {}  # user: attributes, nulls left out
        self.events = {}      # user: data events in order
        self.outcomes = {}    # event id: Expected
        self.calls = 0
        self._newest = {}     # user: (timestamp, place) of the newest sent
        self._sent = {}       # user: its attributes

    def deliver(self, webhook):
        event = webhook["event"]
        expected = expect(webhook)
        place = len(self.outcomes)
        self.outcomes[event["id"]] = expected
        if expected.state != "delivered":
            return
        self._write_attributes(event, expected, place)
        if expected.data_event is not None:
            self.calls += 1
            self.events.setdefault(expected.user, []).append(
                expected.data_event)

    def _write_attributes(self, event, expected, place):
        user = expected.user
        timestamp = event["event_timestamp_ms"]
        if timestamp > self.now_ms + 25 * 3600 * 1000:
            timestamp = self.now_ms  # it counts as its arrival
        is_newest = (timestamp, place) > self._newest.get(user, (-1, -1))
        written = expected.attributes if is_newest else self._sent[user]
        # A delivery that is nothing but attributes always makes its call.
        if expected.data_event is None or written != self._sent.get(user):
            self.calls += 1
        if is_newest:
            self._newest[user] = (timestamp, place)
            self._sent[user] = written
        contact = self.attributes.setdefault(user, {})
        contact.update(written)
        self.attributes[user] = without_nulls(contact)

    def data_events(self):
        return sum(len(events) for events in self.events.values())


class Factory:
    """Makes webhooks of users, seeded: every kind, every store, times out of
    order, nulls and missing fields where RevenueCat has them."""

    TYPES = (("RENEWAL", 30), ("INITIAL_PURCHASE", 14), ("CANCELLATION", 12),
             ("EXPIRATION", 10), ("NON_RENEWING_PURCHASE", 8),
             ("BILLING_ISSUE", 7), ("PRODUCT_CHANGE", 6),
             ("UNCANCELLATION", 4), ("SUBSCRIPTION_PAUSED", 3),
             ("SUBSCRIPTION_EXTENDED", 3), ("TRANSFER", 1), ("TEST", 1),
             ("LOYALTY_TIER_REACHED", 1))
    STORES = (("APP_STORE", 36), ("PLAY_STORE", 28), ("STRIPE", 10),
              ("AMAZON", 6), ("RC_BILLING", 6), ("MAC_APP_STORE", 4),
              ("PADDLE", 3), ("PROMOTIONAL", 4), ("ROKU", 2))
    PERIODS = (("NORMAL", 66), ("TRIAL", 18), ("INTRO", 8),
               ("PROMOTIONAL", 4), ("PREPAID", 2), (None, 2))
    REASONS = ("UNSUBSCRIBE", "BILLING_ERROR", "DEVELOPER_INITIATED",
               "PRICE_INCREASE", "CUSTOMER_SUPPORT", "UNKNOWN")

    def __init__(self, random, with_invalid=False):
        self.random = random
        self.with_invalid = with_invalid
        self.taken = set()  # what Intercom would take for the same event
        self.stamps = {}    # user: a time already used

    def users(self, count):
        """Ids of the sorts that there are."""
        users = [f"user-{number}" for number in range(count)]
        for number in range(0, count, 10):
            anonymous = self.random.getrandbits(128)
            users[number] = f"$RCAnonymousID:{anonymous:032x}"
        for number in range(5, count, 25):
            users[number] = f"jürgen+{number}@exämple.org \"50 %\" ☂"
        return users

    def webhook(self, user, **fields):
        """One webhook of the user; fields replace what it would have."""
        while True:
            event = self._event(user)
            event.update(fields)
            webhook = {"api_version": "1.0", "event": event}
            expected = expect(webhook, send_sandbox_events=True)
            body = expected.data_event
            mark = body and (user, body["event_name"], body["created_at"])
            if mark is None or mark not in self.taken:
                self.taken.add(mark)
                return webhook

    def renewal(self, user, **fields):
        """One that is certain to be delivered with a data event."""
        return self.webhook(user, **{
            "type": "RENEWAL", "store": "APP_STORE", "app_user_id": user,
            "environment": "PRODUCTION", "period_type": "NORMAL",
            "is_trial_conversion": False, **fields})

    def _pick(self, table):
        values, weights = zip(*table)
        return self.random.choices(values, weights)[0]

    def _event(self, user):
        random = self.random
        second = FIRST_SECOND + random.randrange(SPAN_SECONDS)
        event = {
            "type": self._pick(self.TYPES),
            "id": str(uuid.UUID(int=random.getrandbits(128), version=4)),
            "event_timestamp_ms": second * 1000 + random.randrange(1000),
            "app_id": "app7c1f2b9d40",
            "app_user_id": user,
            "original_app_user_id": user,
            "aliases": [user],
            "product_id": random.choice(
                ("reader_monthly", "reader:yearly-auto", "coins_100")),
            "entitlement_id": None,
            "entitlement_ids": random.choice(
                (["reader_plus"], ["reader_plus", "archive"], ["ärchiv"], [],
                 None)),
            "period_type": self._pick(self.PERIODS),
            "purchased_at_ms": second * 1000 - random.randrange(86400000),
            "expiration_at_ms": random.choice(
                (second * 1000 + 2592000000, None)),
            "environment": "SANDBOX" if random.random() < .03
                           else "PRODUCTION",
            "store": self._pick(self.STORES),
            "price": random.choice((9.79, 0, -9.79, None)),
            "currency": "EUR",
            "subscriber_attributes": {
                "$email": {"value": "reader@example.com",
                           "updated_at_ms": second * 1000}},
        }
        self._specialise(event)
        return event

    def _specialise(self, event):
        """What belongs to one type only, and what is missing now and then."""
        random = self.random
        name = event["type"]
        stamp_ms = event["event_timestamp_ms"]
        if name == "RENEWAL":
            event["is_trial_conversion"] = random.random() < .25
        if name == "CANCELLATION":
            event["cancel_reason"] = random.choice(self.REASONS)
        if name == "EXPIRATION":
            event["expiration_at_ms"] = stamp_ms - random.randrange(100000)
            event["expiration_reason"] = random.choice(
                self.REASONS + ("SUBSCRIPTION_PAUSED",))
        if name == "BILLING_ISSUE":
            event["grace_period_expiration_at_ms"] = random.choice(
                (None, stamp_ms + 86400000))
        if name == "TRANSFER" or random.random() < .005:
            del event["app_user_id"]
        if event["store"] == "PROMOTIONAL" or random.random() < .1:
            del event["app_id"]
        if random.random() < .02:
            del event["store"]
        if random.random() < .1:
            del event["entitlement_ids"]
        if self.with_invalid and random.random() < .01:
            event["purchased_at_ms"] = None
        self._bend_time(event)

    def _bend_time(self, event):
        """Now and then the very time of an earlier event of that user, or one
        that no clock can have shown."""
        user = event["original_app_user_id"]
        dice = self.random.random()
        if dice < .05 and user in self.stamps:
            event["event_timestamp_ms"] = self.stamps[user]
        elif dice < .06 and event["type"] in ("RENEWAL", "INITIAL_PURCHASE"):
            event["event_timestamp_ms"] += 90 * 365 * 86400 * 1000
        else:
            self.stamps[user] = event["event_timestamp_ms"]
