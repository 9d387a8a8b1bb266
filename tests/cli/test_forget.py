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

    def raw(self):
        with open(self.path("outbox.db"), "rb") as file:
            return file.read()

    def found_in_files(self):
        """Where in the raw files a byte of the person still is."""
        found = []
        for name in sorted(os.listdir(self.folder)):
            with open(self.path(name), "rb") as file:
                data = file.read()
            found += [(name, word) for word in (USER, SECRET)
                      if word.encode() in data]
        return found

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

    def test_copies_that_producers_left_in_split_pages_go_too(self):
        users = [f"person-{i * 7919 % 4001:04}-x" for i in range(3000)]
        producer = sqlite3.connect(self.path("outbox.db"))
        producer.execute("PRAGMA secure_delete = OFF")
        with producer:
            for i, user in enumerate(users):
                producer.execute("INSERT INTO outbox (payload) VALUES (?)", (
                    webhook(f"event-{i}", app_user_id=user),))
        producer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        producer.close()
        data = self.raw()
        # The very first rows may be left in the page that became the root of
        # their table: there only VACUUM helps, as --help says.
        copies = sorted((data.count(user.encode()), user)
                        for user in users[100:])
        # its payload, its lane, its place in the index, and what was left
        self.assertGreater(copies[-1][0], 3)
        for _, user in copies[-3:]:
            self.expect(0, "forget", user, "--yes")
            self.assertNotIn(user.encode(), self.raw())

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
