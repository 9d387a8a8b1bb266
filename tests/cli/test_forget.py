"""forget: not a byte of the person is left in the files."""

import json
import os
import sqlite3
import subprocess
import unittest

from harness import LIMIT_S, PROGRAM, Case, environment, wait_line, webhook

USER = "person-7301-who-asks"
SECRET = "a.secret+7301@example.org"


class Forget(Case):
    def setUp(self):
        super().setUp()
        self.expect(0, "init")

    def enqueue(self, *bodies):
        self.expect(0, "enqueue", stdin="\n".join(bodies))

    def of_user(self, number, **more):
        return webhook(f"event-{number}", app_user_id=USER, subscriber=SECRET,
                       event_timestamp_ms=1764000300137 + number * 2000,
                       purchased_at_ms=1764000295000 + number * 2000, **more)

    def others(self, first, count):
        return [webhook(f"other-{i}", app_user_id=f"person-{i}",
                        note="y" * 300) for i in range(first, first + count)]

    def found_in_files(self):
        """Where in the raw files a byte of the person still is."""
        return self.files_with([USER, SECRET])

    def test_not_a_byte_is_left_of_a_long_history(self):
        sandbox = self.sandbox("--faults", "reject=rc_expiration_event")
        self.enqueue(*self.others(0, 100), *[self.of_user(i) for i in range(9)],
                     *self.others(100, 100),
                     self.of_user(9, type="EXPIRATION"))
        self.drain(sandbox, code=1)
        self.expect(0, "retry", f"user:{USER}", "--yes")
        self.drain(sandbox, code=1)
        self.expect(0, "pause", f"{USER} called and complained")
        self.enqueue(self.of_user(20), *self.others(300, 50),
                     self.of_user(21), webhook(
                         "moved", type="TRANSFER", app_user_id=None,
                         transferred_from=[USER]))
        self.assertTrue(self.found_in_files())
        # another process keeps the write-ahead log alive
        other = sqlite3.connect(self.path("outbox.db"))
        self.addCleanup(other.close)
        other.execute("SELECT count(*) FROM outbox").fetchall()

        page, _ = self.expect(0, "forget", USER, "--dry-run")
        self.assertIn("12 deliveries: 9 delivered, 1 failed, 2 pending", page)
        self.assertIn("1 events without a user that name it", page)
        before = len(self.rows())
        page, said = self.expect(0, "forget", USER, "--yes")
        self.assertIn("Erased 13 deliveries", said)
        for word in ("400 days", "backups", "Intercom"):
            self.assertIn(word, said)
        self.assertEqual(self.found_in_files(), [])
        self.assertEqual(len(self.rows()), before - 13)
        self.assertEqual(self.sql("PRAGMA integrity_check"), [("ok",)])
        listed, _ = self.expect(0, "operations", "--json")
        newest = json.loads(listed.splitlines()[0])
        self.assertEqual((newest["action"], newest["applied"],
                          newest["filter"]), ("forget", 13, None))
        self.assertNotIn(USER, listed)

        # the rest is delivered, and repeats stay repeats
        self.expect(0, "resume")
        self.drain(sandbox)
        out, _ = self.expect(0, "enqueue", stdin=self.of_user(3))
        self.assertEqual(out, "0 enqueued, 1 duplicate, 0 refused\n")
        self.assertEqual(self.found_in_files(), [])

    def test_with_a_rollback_journal(self):
        for mode in ("DELETE", "TRUNCATE", "PERSIST"):
            with self.subTest(mode=mode):
                self.sql(f"PRAGMA journal_mode = {mode}")
                self.enqueue(*self.others(0, 20), webhook(
                    f"event-{mode}", app_user_id=USER, subscriber=SECRET))
                self.expect(0, "forget", USER, "--yes")
                self.assertEqual(self.found_in_files(), [])

    def test_without_yes_it_asks(self):
        self.enqueue(self.of_user(1))
        _, said = self.expect(2, "forget", USER)
        self.assertIn("--yes", said)
        self.assertEqual(len(self.rows()), 1)

    def test_nobody_is_told(self):
        _, said = self.expect(1, "forget", "nobody", "--yes")
        self.assertIn("Nothing of this user is here", said)
        self.assertEqual(self.expect(0, "operations"), ("", ""))
        self.expect(2, "forget", "")
        self.expect(2, "forget")

    def test_other_events_that_name_the_person_are_listed(self):
        self.enqueue(self.of_user(1), webhook(
            "alias", app_user_id="someone", aliases=["someone", USER]))
        page, _ = self.expect(0, "forget", USER, "--yes")
        self.assertIn("1 events of other users name it and stay: #2", page)
        out, _ = self.expect(0, "forget", "someone", "--dry-run", "--json")
        self.assertEqual(json.loads(out)["deliveries"], {"pending": 1})

    def test_what_is_being_sent_is_waited_for(self):
        sandbox = self.sandbox("--latency", "1500")
        relay = subprocess.Popen(
            [PROGRAM, "run", "--api-url", sandbox.url], cwd=self.folder,
            stderr=subprocess.PIPE, text=True,
            env=environment(INTERCOM_TOKEN="any"))
        try:
            wait_line(relay, "relaying")
            self.enqueue(self.of_user(1), self.of_user(2), self.of_user(3))
            while not self.sql("SELECT 1 FROM outbox_delivery "
                               "WHERE state = 'sending'"):
                self.assertIsNone(relay.poll())
            _, said = self.expect(0, "forget", USER, "--yes")
        finally:
            relay.terminate()
            relay.communicate(timeout=LIMIT_S)
        self.assertIn("Waiting for #1, which is being sent", said)
        self.assertEqual(self.rows(), [])
        self.assertEqual(self.sql("SELECT count(*) FROM outbox_user"), [(0,)])
        self.assertEqual(self.found_in_files(), [])
        self.assertEqual(len(sandbox.get("events")), 1)


if __name__ == "__main__":
    unittest.main()
