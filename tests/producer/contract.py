#!/usr/bin/env python3
"""The producer's contract, from outside: any program with SQLite, no subrelay.
What an insert that is taken makes of an event.

usage: contract.py OUTBOX.SQL, as harness.py says"""

import json

import harness
from harness import FORMS, INSERTS, SWITCHES, Contract, webhook


class Repeats(Contract):
    def state(self):
        return [self.db.execute("SELECT * FROM " + table).fetchall()
                for table in ("outbox", "outbox_delivery", "outbox_count",
                              "outbox_backlog")]

    def test_a_known_event_is_a_no_op_under_every_form_of_insert(self):
        for switches in SWITCHES:
            self.db.executescript(switches)
            self.put(webhook("known"))
            before = self.state()
            for verb, tail in FORMS:
                with self.subTest(switches=switches, verb=verb, tail=tail):
                    done = self.put(webhook("known", "EXPIRATION"), verb, tail)
                    self.assertEqual(done.rowcount, 0)
                    self.assertEqual(self.state(), before)

    def test_a_pruned_event_stays_known(self):
        self.put(webhook("old"))
        self.db.execute("INSERT INTO outbox_tombstone VALUES ('old', 0)")
        self.db.execute("DELETE FROM outbox_delivery")
        self.db.execute("DELETE FROM outbox")
        for verb, tail in FORMS:
            self.put(webhook("old"), verb, tail)
            self.assertEqual(self.rows(), 0)
            self.assertEqual(self.rows("outbox_delivery"), 0)

    def test_repeats_within_one_statement_are_passed_over(self):
        for verb in INSERTS:
            self.db.execute(
                f"{verb} INTO outbox (payload) VALUES (?), (?), (?), (?)",
                (webhook("1" + verb), webhook("2" + verb),
                 webhook("1" + verb), webhook("3" + verb)))
        self.assertEqual(self.rows(), 3 * len(INSERTS))
        self.assertEqual(self.rows("outbox_delivery"), 3 * len(INSERTS))
        self.assertEqual(self.one(
            "SELECT count FROM outbox_count WHERE name = 'pending'"),
            3 * len(INSERTS))

    def test_ids_rise_in_the_order_of_insertion(self):
        names = [str((i * 7919) % 23) for i in range(60)]
        for name in names:
            self.put(webhook(name))
        self.assertEqual(
            [row[0] for row in self.db.execute(
                "SELECT event_id FROM outbox ORDER BY id")],
            list(dict.fromkeys(names)))


class Deliveries(Contract):
    def delivery(self, **fields):
        event = {"id": "e", "type": "RENEWAL"}
        event.update(fields)
        self.db.execute("BEGIN")
        self.put(json.dumps({"event": event}))
        row = self.db.execute(
            "SELECT lane, kind, state, due_ms FROM outbox_delivery").fetchone()
        self.db.execute("ROLLBACK")
        return row

    def test_kinds(self):
        rows = [
            ({"type": "INITIAL_PURCHASE"}, "initial_purchase"),
            ({"type": "INITIAL_PURCHASE", "period_type": "TRIAL"},
             "trial_started"),
            ({"type": "INITIAL_PURCHASE", "period_type": "NORMAL"},
             "initial_purchase"),
            ({"type": "RENEWAL", "is_trial_conversion": True},
             "trial_converted"),
            ({"type": "RENEWAL", "is_trial_conversion": False}, "renewal"),
            ({"type": "RENEWAL", "is_trial_conversion": 1}, "renewal"),
            ({"type": "RENEWAL", "is_trial_conversion": "true"}, "renewal"),
            ({"type": "INITIAL_PURCHASE", "period_type": ["TRIAL"]},
             "initial_purchase"),
            ({"type": "RENEWAL", "is_trial_conversion": True,
              "period_type": "TRIAL"}, "trial_converted"),
            ({"type": "CANCELLATION", "period_type": "TRIAL"},
             "trial_cancelled"),
            ({"type": "CANCELLATION", "period_type": None}, "cancellation"),
            ({"type": "NON_RENEWING_PURCHASE"}, "non_subscription_purchase"),
            ({"type": "EXPIRATION"}, "expiration"),
            ({"type": "BILLING_ISSUE"}, "billing_issue"),
            ({"type": "PRODUCT_CHANGE"}, "product_change"),
            ({"type": "UNCANCELLATION"}, None),
            ({"type": "TEST"}, None),
            ({"type": "renewal"}, None),
        ]
        for fields, kind in rows:
            with self.subTest(fields=fields):
                self.assertEqual(self.delivery(**fields)[1], kind)

    def test_lanes(self):
        alone = "/1"
        rows = [
            ("anna", "anna"), ("$RCAnonymousID:0f", "$RCAnonymousID:0f"),
            ("a b\n", "a b\n"), ("x" * 100, "x" * 100),
            ("é" * 100, "é" * 100), ("x" * 101, alone), ("", alone),
            ("a/b", alone), ("/1", alone), (None, alone), (17, alone),
            (["a"], alone), ({"a": 1}, alone), (True, alone), ([], alone),
            ("[a]", "[a]"), ("{8A6B0C1D-2E3F}", "{8A6B0C1D-2E3F}"),
        ]
        for user, lane in rows:
            with self.subTest(user=user):
                self.assertEqual(self.delivery(app_user_id=user)[0], lane)
        self.assertEqual(self.delivery()[0], alone)

    def test_only_the_head_of_a_lane_is_due(self):
        for number, user in enumerate(("a", "b", "a", None, None, "/4")):
            self.put(webhook(str(number), app_user_id=user))
        self.assertEqual(
            [row[0] for row in self.db.execute(
                "SELECT due_ms FROM outbox_delivery ORDER BY id")],
            [0, 0, None, 0, 0, 0])

    def test_a_settled_lane_is_free_again(self):
        self.put(webhook("1"))
        self.db.execute("UPDATE outbox_delivery SET state = 'delivered',"
                        " due_ms = NULL, settled_ms = 1")
        self.put(webhook("2"))
        self.assertEqual(self.one(
            "SELECT due_ms FROM outbox_delivery WHERE id = 2"), 0)

    def test_arrival_is_now_in_milliseconds(self):
        before = self.one("SELECT strftime('%s', 'now') * 1000")
        self.put(webhook())
        arrived = self.one("SELECT arrived_ms FROM outbox_delivery")
        self.assertGreaterEqual(arrived, before)
        self.assertLess(arrived, before + 60000)

    def test_counters_follow_under_every_form_of_insert(self):
        for number, (verb, tail) in enumerate(FORMS):
            self.put(webhook(str(number)), verb, tail)
            self.assertEqual(self.one(
                "SELECT count FROM outbox_count WHERE name = 'pending'"),
                number + 1)
            self.assertEqual(self.one(
                "SELECT sum(count) FROM outbox_backlog"), number + 1)
            self.assertEqual(self.rows("outbox_delivery"), number + 1)


class Programs(Contract):
    def test_an_insert_reads_no_table_from_end_to_end(self):
        opcodes = [row[1] for row in self.db.execute(
            "EXPLAIN INSERT INTO outbox (payload) VALUES ('{}')")]
        self.assertEqual(opcodes.count("Program"), 2)  # both triggers
        # AUTOINCREMENT looks for its line among those of all tables.
        self.assertEqual(opcodes.count("Rewind"), 1)
        for opcode in ("OpenEphemeral", "OpenAutoindex", "SorterOpen"):
            self.assertNotIn(opcode, opcodes)


if __name__ == "__main__":
    harness.main()
