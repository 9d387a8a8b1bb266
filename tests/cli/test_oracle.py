"""map and the outbox's own kind and lane against an independent computation:
thousands of webhooks with fields that are missing, null, odd, wrong or
written oddly. The rules are those of what is public about RevenueCat, and the
limits of event.h; none of the C code is used.

SUBRELAY_SEED and SUBRELAY_EVENTS choose another run.
"""

import json
import os
import random
import sqlite3
import unittest

from harness import Case

SEED = int(os.environ.get("SUBRELAY_SEED", "20260824"))
EVENTS = int(os.environ.get("SUBRELAY_EVENTS", "10000"))

# (webhook type, kind, where created_at comes from, stores not tracked)
PROMO = ("PROMOTIONAL",)
RULES = {
    "INITIAL_PURCHASE": ("initial_purchase", "purchased_at_ms", PROMO),
    "RENEWAL": ("renewal", "purchased_at_ms", PROMO),
    "CANCELLATION": ("cancellation", "event_timestamp_ms", ()),
    "NON_RENEWING_PURCHASE": ("non_subscription_purchase", "purchased_at_ms",
                              ()),
    "EXPIRATION": ("expiration", "expiration_at_ms", ()),
    "BILLING_ISSUE": ("billing_issue", "event_timestamp_ms", PROMO),
    "PRODUCT_CHANGE": ("product_change", "event_timestamp_ms",
                       PROMO + ("AMAZON",)),
    "UNCANCELLATION": (None, None, ()),
    "SUBSCRIPTION_PAUSED": (None, None, ()),
    "SUBSCRIPTION_EXTENDED": (None, None, ()),
}
TRIALS = {"INITIAL_PURCHASE": "trial_started",
          "CANCELLATION": "trial_cancelled"}
UNKNOWN_TYPES = ("TEST", "TRANSFER", "PAYWALL_IMPRESSION", "renewal", "R",
                 "INVOICE_ISSUANCE", "RENEWAL ", "ünbekannt")
STORES = ("APP_STORE", "MAC_APP_STORE", "PLAY_STORE", "AMAZON", "STRIPE",
          "RC_BILLING", "PADDLE", "ROKU", "PROMOTIONAL", "TEST_STORE",
          "promotional", "", "NEW_STORE")
TEXTS = ("app_id", "product_id", "period_type", "environment", "store",
         "cancel_reason", "expiration_reason")
TIMES = ("event_timestamp_ms", "purchased_at_ms", "expiration_at_ms",
         "grace_period_expiration_at_ms")
LATEST_MS = 253402300799999


class Raw(str):
    """JSON that is written as it stands."""


def write(value):
    """As json.dumps, with Raw left alone, and lists of pairs as objects in
    which a key may stand twice."""
    if isinstance(value, Raw):
        return str(value)
    if isinstance(value, dict):
        value = list(value.items())
        return "{" + ",".join(write(k) + ":" + write(v)
                              for k, v in value) + "}"
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(write(item) for item in value) + "]"
    return json.dumps(value, ensure_ascii=len(str(value)) % 2 == 0)


class Value:
    """A field as it is written, and how it reads: meaning (None: as null), or
    that it breaks a rule."""

    def __init__(self, written, meaning=None, is_wrong=False):
        self.written = written
        self.meaning = meaning
        self.is_wrong = is_wrong


def plain(value):
    return Value(value, value)


def wrong(value):
    return Value(value, None, True)


NO_TEXTS = [wrong(v) for v in (0, 1.5, True, False, [], ["x"], {}, {"a": "b"})]
NO_TEXTS += [wrong(Raw('"a\\u0000b"')), wrong(Raw('"\\ud83d"')),
             wrong(Raw('"\\ude00\\ud83d"')), wrong("x" * 1001),
             wrong("ü" * 501), wrong(Raw('"\udcff"')), wrong(Raw('"\udcc0"'))]
ODD_TEXTS = [plain(v) for v in (
    "", " ", "x" * 1000, "ü" * 500, 'a"b\\c/d', "\t\n\r\x01\x7f", "\x80",
    "☂ 𝒳", "a;b'c--", "%s%n", "\\u0000", "a\\", "-0")]
ODD_TEXTS += [Value(Raw('"\\ud83d\\ude00\\u0041"'), "😀A"),
              Value(Raw('"\\/\\b\\f"'), "/\b\f"),
              Value(Raw('"\\\\u0000"'), "\\u0000"),
              Value(None), Value(None)]
NO_TIMES = [wrong(v) for v in (
    "1700000000000", -1, 1.5, LATEST_MS + 1, True, [], {}, 2**63, -2**63,
    Raw("1e300"), Raw("1E+400"), Raw("-1e-3"), Raw("0.1"))]
ODD_TIMES = [plain(v) for v in (0, 1, 999, 1000, LATEST_MS)]
ODD_TIMES += [Value(Raw("1.7e12"), 1700000000000), Value(Raw("-0"), 0),
              Value(Raw("1700000000000.0"), 1700000000000), Value(None)]
NO_USERS = [wrong("a/b"), wrong("/"), wrong("u" * 101), wrong("☂" * 101),
            wrong(7), wrong([]), wrong(Raw('"\\u0000"')), wrong(Raw('"\\/"'))]
ODD_USERS = [plain("u" * 100), plain("☂" * 100), plain(" "), plain("\n"),
             plain('"'), plain("\\"), Value(""), Value(None),
             plain("$RCAnonymousID:" + "0123456789abcdef" * 2),
             plain("$RCAnonymousID:" + "0" * 31),
             Value(Raw('"\\u00fc\\ud83d\\ude00"'), "ü😀")]
NO_BOOLS = [wrong(v) for v in (0, 1, "true", [], {})]


class Webhook:
    """One body, and how each of its fields reads."""

    def __init__(self, number, dice):
        self.dice = dice
        self.fields = {}  # key: Value
        self.number = number
        known = dice.random() < .9
        self.put("type", plain(dice.choice(
            list(RULES) if known else UNKNOWN_TYPES)))
        self.put("id", plain(f"event-{number}"))
        self.put("app_user_id", self.mixed(
            plain(f"user-{dice.randrange(300)}"), ODD_USERS, NO_USERS))
        common = {"store": dice.choice(STORES), "environment": dice.choice(
            ("PRODUCTION", "PRODUCTION", "PRODUCTION", "SANDBOX", "Sandbox")),
            "period_type": dice.choice(
            ("NORMAL", "TRIAL", "INTRO", "PROMOTIONAL", "PREPAID", "trial"))}
        for key in TEXTS:
            self.put(key, self.mixed(plain(common.get(key, key.title())),
                                     ODD_TEXTS, NO_TEXTS))
        self.put("expiration_reason", self.mixed(plain(dice.choice(
            ("UNSUBSCRIBE", "SUBSCRIPTION_PAUSED"))), ODD_TEXTS, NO_TEXTS))
        for key in TIMES:
            self.put(key, self.mixed(plain(dice.randrange(
                1600000000000, 1900000000000)), ODD_TIMES, NO_TIMES))
        self.put("is_trial_conversion", self.mixed(
            plain(dice.random() < .4), [Value(None)], NO_BOOLS))
        self.put("entitlement_ids", self.entitlements())

    def put(self, key, value):
        if value is None:
            self.fields.pop(key, None)
        else:
            self.fields[key] = value

    def mixed(self, usual, odd, bad):
        """Mostly the usual one; None: the key is left out."""
        chance = self.dice.random()
        if chance < .85:
            return usual
        if chance < .91:
            return self.dice.choice(odd)
        if chance < .97:
            return None
        return self.dice.choice(bad) if self.dice.random() < .5 else usual

    def entitlements(self):
        first = self.mixed(plain("pro"), ODD_TEXTS, NO_TEXTS)
        if first is None:
            return plain([]) if self.dice.random() < .5 else None
        more = self.dice.choice(([], ["x"], [None, 7, {}]))
        usual = Value([first.written] + more, [first.meaning], first.is_wrong)
        return self.mixed(usual, [Value(None)],
                          [wrong("pro"), wrong({}), wrong(7), wrong(True)])

    def get(self, key):
        value = self.fields.get(key)
        return None if value is None else value.meaning

    def has(self, key):
        return key in self.fields

    def wrong_fields(self):
        return [key for key, value in self.fields.items() if value.is_wrong]

    def body(self):
        """The JSON, with keys in any order, others between them, some twice
        (the first counts) and white space anywhere."""
        dice = self.dice
        pairs = [(key, value.written) for key, value in self.fields.items()]
        pairs += dice.sample((
            ("price", -9.99), ("aliases", ["a", Raw('"\\ud800"')]),
            ("note", Raw('"\\u0000"')), ("Type", "RENEWAL"), ("ID", 7),
            ("subscriber_attributes", {"$email": {"value": "a@b.c"}}),
            ("nested", [[[[{"event": {"id": "no"}}]]]]), ("", None)),
            dice.randrange(4))
        dice.shuffle(pairs)
        if dice.random() < .05:
            pairs.append((dice.choice(pairs)[0], "twice"))
        event = "{" + (" , " if dice.random() < .5 else ",").join(
            write(key) + ":" + write(value) for key, value in pairs) + "}"
        outer = [f'"event":\t{event}', '"api_version" : "1.0"']
        dice.shuffle(outer)
        return ("{ " + ",".join(outer) + "}").encode("utf-8",
                                                     "surrogateescape")


def kind_of(hook):
    """The kind's word, or None."""
    name = hook.get("type")
    if name not in RULES:
        return None
    if hook.get("period_type") == "TRIAL" and name in TRIALS:
        return TRIALS[name]
    if name == "RENEWAL" and hook.get("is_trial_conversion") is True:
        return "trial_converted"
    return RULES[name][0]


def status_of(hook):
    """None: the key is left out."""
    name, period = hook.get("type"), hook.get("period_type")
    promotional = hook.get("store") == "PROMOTIONAL"
    if name == "CANCELLATION":
        return "cancelled_trial" if period == "TRIAL" else "cancelled"
    if name == "BILLING_ISSUE":
        if hook.get("grace_period_expiration_at_ms") is None:
            return None
        return "grace_period_trial" if period == "TRIAL" else "grace_period"
    if name == "EXPIRATION":
        if promotional:
            return "expired_promotional"
        paused = hook.get("expiration_reason") == "SUBSCRIPTION_PAUSED"
        return "paused" if paused else "expired"
    if name == "NON_RENEWING_PURCHASE":
        return "promotional" if promotional else None
    if name == "SUBSCRIPTION_PAUSED":
        return "paused"
    return {"TRIAL": "trial", "INTRO": "intro",
            "PROMOTIONAL": "promotional"}.get(period, "active")


def lower_ascii(text):
    return "".join(c.lower() if c < "\x80" else c for c in text)


def envelope_of(hook, kind, time):
    """What map prints for it."""
    expires_ms = hook.get("expiration_at_ms")
    shared = {"entitlement": (hook.get("entitlement_ids") or [None])[0],
              "store": hook.get("store"),
              "expires_at": None if expires_ms is None
              else expires_ms // 1000}
    attributes = {"latest_store": shared["store"],
                  "latest_entitlement": shared["entitlement"],
                  "expires_at": shared["expires_at"]}
    if status_of(hook) is not None:
        attributes["subscription_status"] = status_of(hook)
    envelope = {"product_identifier": hook.get("product_id"),
                "app_id": hook.get("app_id"),
                "user_payload": {"user_id": hook.get("app_user_id"),
                                 "custom_attributes": attributes}}
    if kind is None:
        return envelope
    metadata = {"product_identifier": hook.get("product_id"), **shared}
    for key in ("environment", "app_id"):
        if hook.has(key):
            metadata[key] = hook.get(key)
    if metadata.get("environment") is not None:
        metadata["environment"] = lower_ascii(metadata["environment"])
    if kind in ("cancellation", "trial_cancelled"):
        metadata["cancellation_reason"] = hook.get("cancel_reason")
    if kind == "expiration":
        metadata["expiration_reason"] = hook.get("expiration_reason")
    envelope["event_payload"] = {
        "event_name": f"rc_{kind}_event",
        "user_id": hook.get("app_user_id"),
        "created_at": hook.get(time) // 1000,
        "metadata": metadata}
    return envelope


def is_anonymous(user):
    prefix, digits = user[:15], user[15:]
    return prefix == "$RCAnonymousID:" and len(digits) == 32 and all(
        digit in "0123456789abcdefABCDEF" for digit in digits)


def expect(hook, sends_sandbox, skips_anonymous):
    """The envelope, {"skipped": reason}, or the fields of which one must be
    named in {"invalid": …}."""
    name = hook.get("type")
    if name not in RULES:
        return {"skipped": "no_intercom_event"}
    if hook.wrong_fields():
        return hook.wrong_fields()
    kind = kind_of(hook)
    _, time, untracked = RULES[name]
    if kind in TRIALS.values() or kind == "trial_converted":
        untracked = ()
    environment = hook.get("environment")
    if (environment or "").upper() == "SANDBOX" and not sends_sandbox:
        return {"skipped": "sandbox_event"}
    user = hook.get("app_user_id")
    if user is None:
        return {"skipped": "no_user"}
    if skips_anonymous and is_anonymous(user):
        return {"skipped": "anonymous_user"}
    if hook.get("store") in untracked:
        return {"skipped": "store_not_tracked"}
    if kind is not None and hook.get(time) is None:
        return [time]
    return envelope_of(hook, kind, time)


class Oracle(Case):
    def setUp(self):
        super().setUp()
        print(f"SUBRELAY_SEED={SEED} SUBRELAY_EVENTS={EVENTS}", flush=True)
        dice = random.Random(SEED)
        self.hooks = [Webhook(number, dice) for number in range(EVENTS)]
        self.bodies = [hook.body() for hook in self.hooks]
        self.input = b"\n".join(self.bodies) + b"\n"

    def compare(self, sends_sandbox, skips_anonymous):
        words = ["map", "--json"]
        words += ["--sandbox-events", "send"] if sends_sandbox else []
        words += ["--anonymous-users", "skip"] if skips_anonymous else []
        out, _ = self.expect(1, *words, stdin=self.input)
        lines = out.splitlines()
        self.assertEqual(len(lines), EVENTS)
        seen = set()
        for hook, body, line in zip(self.hooks, self.bodies, lines):
            got = json.loads(line)
            expected = expect(hook, sends_sandbox, skips_anonymous)
            if isinstance(expected, list):
                self.assertEqual(list(got), ["invalid"], body)
                self.assertTrue(any("event." + key in got["invalid"]
                                    for key in expected), (body, got))
            else:
                self.assertEqual(got, expected, body)
            seen.add(next(iter(got.values())) if len(got) == 1 else
                     got.get("event_payload", {}).get("event_name"))
        return seen

    def test_map_says_what_the_rules_say(self):
        seen = self.compare(False, False)
        self.assertLessEqual({"rc_trial_converted_event", "no_user", None,
                              "sandbox_event", "store_not_tracked"}, seen)

    def test_the_switches(self):
        seen = self.compare(True, True)
        self.assertIn("anonymous_user", seen)
        self.assertNotIn("sandbox_event", seen)

    def test_the_outbox_has_the_same_kinds_and_lanes(self):
        self.expect(0, "init")
        self.run_program("enqueue", stdin=self.input)
        database = sqlite3.connect(self.path("outbox.db"))
        self.addCleanup(database.close)
        rows = {event_id: row for event_id, *row in database.execute(
            "SELECT event_id, outbox.id, kind, lane FROM outbox "
            "JOIN outbox_delivery AS delivery ON delivery.id = outbox.id")}
        for hook, body in zip(self.hooks, self.bodies):
            row = rows.get(hook.get("id"))
            used = [value for value in hook.fields.values()
                    if "\\u0000" in write(value.written).replace("\\\\", "")]
            self.assertEqual(row is None, bool(used), body)
            if row is None or hook.wrong_fields():
                continue
            outbox_id, kind, lane = row
            self.assertEqual(kind, kind_of(hook), body)
            user = hook.get("app_user_id")
            self.assertEqual(lane, user or f"/{outbox_id}", body)


if __name__ == "__main__":
    unittest.main()
