#!/usr/bin/env python3
"""What holds even against those who get past the door: hosts that switch
triggers off, and hands that write to our tables.

usage: guards.py OUTBOX.SQL, as harness.py says"""

import sqlite3

import harness
from harness import Contract, webhook

ONLY_PRUNE = "an event is deleted by subrelay prune only"


class TriggersOff(Contract):
    def put_without_triggers(self, *payloads):
        rows = "".join("INSERT INTO outbox (payload) VALUES ('%s');\n"
                       % payload.replace("'", "''") for payload in payloads)
        self.shell(".dbconfig enable_trigger off\n" + rows)

    def test_no_lane_is_made_of_a_user_with_u0000(self):
        """json_extract() would end it there: another user's lane."""
        self.put_without_triggers(webhook("e1", app_user_id="anna\0x"),
                                  webhook("e2", app_user_id="anna\\u0000x"))
        self.assertEqual(
            self.db.execute("SELECT user_id FROM outbox").fetchall(),
            [(None,), ("anna\\u0000x",)])

    def test_an_id_that_is_no_string_can_be_pruned(self):
        self.put_without_triggers('{"event":{"id":7,"type":"T"}}')
        self.db.execute("INSERT INTO outbox_tombstone "
                        "SELECT event_id, 0 FROM outbox")
        self.db.execute("DELETE FROM outbox")
        self.assertEqual(self.rows(), 0)

    def test_an_event_without_a_delivery_is_deleted_by_prune_only(self):
        self.put_without_triggers(webhook("e1"))
        self.assert_refused(
            ONLY_PRUNE, lambda: self.db.execute("DELETE FROM outbox"))

    def test_what_is_no_event_goes_once_its_delivery_is_gone(self):
        self.put_without_triggers("no event")
        self.db.execute("INSERT INTO outbox_delivery (id, lane, arrived_ms) "
                        "VALUES (1, '/1', 0)")
        self.assert_refused(
            ONLY_PRUNE, lambda: self.db.execute("DELETE FROM outbox"))
        self.db.execute("DELETE FROM outbox_delivery")
        self.db.execute("DELETE FROM outbox")
        self.assertEqual(self.rows(), 0)


class Rows(Contract):
    def assert_impossible(self, change):
        before = self.db.execute("SELECT * FROM outbox_delivery").fetchall()
        with self.assertRaises(sqlite3.IntegrityError):
            self.db.execute("UPDATE outbox_delivery SET " + change)
        self.assertEqual(
            self.db.execute("SELECT * FROM outbox_delivery").fetchall(),
            before)

    def test_an_id_is_never_given_twice(self):
        """Not even that of the newest event, after it was pruned."""
        self.put(webhook("e1"))
        self.put(webhook("e2"))
        self.db.execute("INSERT INTO outbox_tombstone VALUES ('e2', 0)")
        self.db.execute("DELETE FROM outbox_delivery WHERE id = 2")
        self.db.execute("DELETE FROM outbox WHERE id = 2")
        self.put(webhook("e3"))
        self.assertEqual(self.one("SELECT max(id) FROM outbox"), 3)

    def test_two_deliveries_of_a_user_are_never_being_sent(self):
        self.put(webhook("e1"))
        self.put(webhook("e2"))
        self.assert_impossible("state = 'sending', due_ms = NULL")
        self.assert_impossible("unknown = 1")

    def test_a_delivery_agrees_with_its_state(self):
        self.put(webhook("e1"))
        for change in ("state = 'sending'",          # and due
                       "state = 'delivered'",        # and due, not settled
                       "state = 'failed', due_ms = NULL",
                       "state = 'failed', due_ms = NULL, settled_ms = 1",
                       "state = 'failed', due_ms = NULL, aside = 'failed'",
                       "state = 'failed', due_ms = NULL, aside = 'skipped', "
                       "settled_ms = 1",
                       "state = 'delivered', due_ms = NULL, settled_ms = 1, "
                       "aside = 'delivered'",
                       "aside = 'failed'",
                       "settled_ms = 1, due_ms = NULL",
                       "state = 'lost', due_ms = NULL"):
            with self.subTest(change=change):
                self.assert_impossible(change)


if __name__ == "__main__":
    harness.main()
