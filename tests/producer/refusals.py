#!/usr/bin/env python3
"""What the producer's contract refuses, in which words, and that nothing comes
of it.

usage: refusals.py OUTBOX.SQL, as harness.py says"""

import sqlite3

import harness
from harness import FORMS, INSERTS, SWITCHES, Contract, webhook

NUL = "\\u0000"
REFUSED = [
    (None, "payload is NULL"),
    (b'{"event":{"id":"a","type":"b"}}', "payload is not text"),
    (17, "payload is not a JSON object"),
    (1.5, "payload is not a JSON object"),
    ("", "payload is not JSON"),
    ("{", "payload is not JSON"),
    ("{'event':1}", "payload is not JSON"),
    ("[" * 3000 + "]" * 3000, "payload is not JSON"),
    ("[]", "payload is not a JSON object"),
    ('"text"', "payload is not a JSON object"),
    ("null", "payload is not a JSON object"),
    ('[{"event":{"id":"a","type":"b"}}]', "payload is not a JSON object"),
    ("{}", "event is missing"),
    ('{"event":null}', "event is not an object"),
    ('{"event":[]}', "event is not an object"),
    ('{"event":"x"}', "event is not an object"),
    ('{"event":{}}', "event.id is missing"),
    ('{"event":{"type":"T"}}', "event.id is missing"),
    ('{"event":{"id":null,"type":"T"}}', "event.id is not a string"),
    ('{"event":{"id":7,"type":"T"}}', "event.id is not a string"),
    ('{"event":{"id":{"a":1},"type":"T"}}', "event.id is not a string"),
    ('{"event":{"id":["a"],"type":"T"}}', "event.id is not a string"),
    ('{"event":{"id":true,"type":"T"}}', "event.id is not a string"),
    ('{"event":{"id":1e3,"type":"T"}}', "event.id is not a string"),
    ('{"event":{"id":"","type":"T"}}', "event.id is empty"),
    ('{"event":{"id":"a"}}', "event.type is missing"),
    ('{"event":{"id":"a","type":null}}', "event.type is not a string"),
    ('{"event":{"id":"a","type":true}}', "event.type is not a string"),
    ('{"event":{"id":"a","type":0.5}}', "event.type is not a string"),
    ('{"event":{"id":"a","type":{"b":"c"}}}', "event.type is not a string"),
    ('{"event":{"id":"a","type":["b"]}}', "event.type is not a string"),
    ('{"event":{"id":"a","type":[]}}', "event.type is not a string"),
    ('{"event":{"id":"a","type":""}}', "event.type is empty"),
] + [
    ('{"event":{"id":"a","type":"T","%s":"x%sy"}}' % (field, NUL),
     "\\u0000 in a string that is used")
    for field in ("app_user_id", "product_id", "store", "environment",
                  "period_type", "app_id", "cancel_reason",
                  "expiration_reason")
] + [
    ('{"event":{"id":"a%s","type":"T"}}' % NUL,
     "\\u0000 in a string that is used"),
    ('{"event":{"id":"%s","type":"T"}}' % NUL,
     "\\u0000 in a string that is used"),
    ('{"event":{"id":"a","type":"T%s"}}' % NUL,
     "\\u0000 in a string that is used"),
    ('{"event":{"id":"a","type":"T","app_user_id":"\\\\\\%s"}}' % NUL[1:],
     "\\u0000 in a string that is used"),
    ('{"event":{"id":"a","type":"T","entitlement_ids":["%s"]}}' % NUL,
     "\\u0000 in a string that is used"),
]


class Refusals(Contract):
    def test_every_bad_payload_is_refused_under_every_form_of_insert(self):
        for payload, words in REFUSED:
            for verb, tail in FORMS:
                with self.subTest(payload=payload, verb=verb, tail=tail):
                    self.assert_refused(
                        words, lambda: self.put(payload, verb, tail))
        self.assertEqual(self.rows(), 0)
        self.assertEqual(self.rows("outbox_delivery"), 0)

    def test_the_limit_is_1_mib_in_bytes_not_in_characters(self):
        def of_size(size, filler):
            frame = webhook("big", pad="")
            room = size - len(frame)
            return frame.replace('"pad": ""',
                                 '"pad": "' + filler * (room // 2) +
                                 "x" * (room % 2) + '"')
        full = of_size(1 << 20, "é")
        self.assertEqual(len(full.encode()), 1 << 20)
        self.assert_refused("payload is over 1 MiB",
                            lambda: self.put(full.replace("é", "éx", 1)))
        self.put(full)
        self.assertEqual(self.rows(), 1)

    def test_a_backslash_before_u0000_is_only_text(self):
        self.put('{"event":{"id":"a","type":"T","app_user_id":"x\\\\u0000"}}')
        self.assertEqual(self.one("SELECT lane FROM outbox_delivery"),
                         "x\\u0000")

    def test_unused_fields_may_hold_u0000(self):
        self.put('{"event":{"id":"a","type":"T","other":"\\u0000"}}')
        self.put('{"event":{"id":"b","type":"T","entitlement_ids":["x","'
                 '\\u0000"],"app_user_id":"u"},"\\u0000":1}')
        self.assertEqual(self.rows(), 2)
        self.assertEqual(self.one(
            "SELECT lane FROM outbox_delivery WHERE id = 2"), "u")

    def test_a_string_that_looks_like_json_is_a_string(self):
        for text in ("[1]", "{}", "[", '{"a":1}', "7", "true", "null"):
            self.put(webhook(text, text, app_user_id=text))
            self.put(webhook(text, "RENEWAL"))
            self.assertEqual(
                self.db.execute(
                    "SELECT event_id, lane FROM outbox JOIN outbox_delivery"
                    " USING (id) ORDER BY id DESC LIMIT 1").fetchone(),
                (text, text))

    def test_an_explicit_id_is_refused(self):
        words = "id is given by the outbox: leave it out"
        for switches in SWITCHES:
            self.db.executescript(switches)
            for number in (-(1 << 63), -2, -1, 0, 1, 2, 1 << 40,
                           (1 << 63) - 1):
                for verb, tail in FORMS:
                    with self.subTest(id=number, verb=verb, tail=tail):
                        self.assert_refused(words, lambda: self.db.execute(
                            f"{verb} INTO outbox (id, payload) VALUES (?, ?)"
                            f" {tail}", (number, webhook("x"))))
        self.assertEqual(self.rows(), 0)
        self.db.execute("INSERT INTO outbox (id, payload) VALUES (NULL, ?)",
                        (webhook("null is as good as nothing"),))
        self.assertEqual(self.rows(), 1)

    def test_an_id_that_is_no_number_is_refused(self):
        with self.assertRaises(sqlite3.Error):
            self.db.execute("INSERT INTO outbox (id, payload) VALUES (?, ?)",
                            ("abc", webhook()))

    def test_an_event_is_never_changed(self):
        self.put(webhook())
        for policy in ("", "OR IGNORE", "OR REPLACE", "OR FAIL",
                       "OR ROLLBACK"):
            for change in ("payload = '{}'", "id = 9", "payload = payload"):
                self.assert_refused(
                    "an event is never changed", lambda: self.db.execute(
                        f"UPDATE {policy} outbox SET {change}"))

    def test_an_event_is_deleted_only_with_a_tombstone(self):
        words = "an event is deleted by subrelay prune only"
        self.put(webhook("a"))
        self.put(webhook("b"))
        for switches in SWITCHES:
            self.db.executescript(switches)
            self.assert_refused(
                words, lambda: self.db.execute("DELETE FROM outbox"))
        self.db.execute("INSERT INTO outbox_tombstone VALUES ('a', 0)")
        self.db.execute("DELETE FROM outbox WHERE event_id = 'a'")
        self.assert_refused(
            words, lambda: self.db.execute("DELETE FROM outbox"))
        self.assertEqual(self.rows(), 1)

    def test_a_refusal_leaves_the_transaction_usable(self):
        self.db.execute("CREATE TABLE subscription (id INTEGER)")
        for verb, tail in FORMS:
            self.db.execute("BEGIN IMMEDIATE")
            self.db.execute("INSERT INTO subscription VALUES (1)")
            self.put(webhook("good " + verb + tail))
            self.assert_refused("event is missing",
                                lambda: self.put("{}", verb, tail))
            self.assertTrue(self.db.in_transaction)
            self.db.execute("INSERT INTO subscription VALUES (2)")
            self.db.execute("COMMIT")
        self.assertEqual(self.rows(), len(FORMS))
        self.assertEqual(self.rows("subscription"), 2 * len(FORMS))

    def test_one_bad_row_refuses_its_whole_statement(self):
        rows = [webhook("a"), webhook("b"), "{}", webhook("c")]
        self.db.execute("CREATE TABLE todo (payload TEXT)")
        self.db.executemany("INSERT INTO todo VALUES (?)",
                            [(row,) for row in rows])
        for verb in INSERTS:
            self.assert_refused("event is missing", lambda: self.db.execute(
                f"{verb} INTO outbox (payload) SELECT payload FROM todo"))
            self.assertEqual(self.rows(), 0)
            self.assertEqual(self.rows("outbox_delivery"), 0)
            self.assertEqual(self.one(
                "SELECT count FROM outbox_count WHERE name = 'pending'"), 0)


if __name__ == "__main__":
    harness.main()
