"""backup: a consistent copy of one moment, whole or not at all."""

import os
import signal
import sqlite3
import subprocess
import threading
import time
import unittest

from harness import LIMIT_S, PROGRAM, Case, environment, webhook


class Backup(Case):
    def setUp(self):
        super().setUp()
        self.expect(0, "init")

    def enqueue(self, count, note="x"):
        self.expect(0, "enqueue", stdin="\n".join(
            webhook(f"e{i}", app_user_id=f"u{i}", note=note)
            for i in range(count)))

    def fill(self, megabytes):
        """Events that make the file so large, by SQL."""
        self.sql(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 "
            f"FROM n WHERE i < {megabytes * 16}) INSERT INTO outbox "
            "(payload) SELECT json_object('event', json_object('id', i, "
            "'type', 'TEST', 'note', hex(zeroblob(30000)))) FROM n"
            .replace("'id', i", "'id', 'big' || i"))

    def test_the_copy_has_all_and_only_its_owner_reads_it(self):
        self.enqueue(3)
        out, said = self.expect(0, "backup", "copy.db")
        self.assertRegex(out, r"^copy\.db: \d+\.\d MB, checked\n$")
        self.assertEqual(said, "")
        self.assertEqual(os.stat(self.path("copy.db")).st_mode & 0o777, 0o600)
        self.assertEqual(len(self.rows("-d", "copy.db")), 3)
        self.assertEqual(self.sql("PRAGMA integrity_check", path="copy.db"),
                         [("ok",)])

    def test_nothing_is_left_beside_it(self):
        self.enqueue(3)
        before = set(os.listdir(self.folder))
        self.expect(0, "backup", "copy.db")
        self.assertEqual(set(os.listdir(self.folder)) - before, {"copy.db"})

    def test_an_existing_file_stays_unless_it_is_asked_for(self):
        self.enqueue(1)
        self.write("copy.db", "something else")
        _, said = self.expect(1, "backup", "copy.db")
        self.assertIn("copy.db exists", said)
        self.assertIn("--replace", said)
        with open(self.path("copy.db"), encoding="ascii") as file:
            self.assertEqual(file.read(), "something else")
        self.expect(0, "backup", "copy.db", "--replace")
        self.assertEqual(len(self.rows("-d", "copy.db")), 1)

    def test_the_database_itself_is_refused_under_every_name(self):
        self.enqueue(1)
        reader = sqlite3.connect(self.path("outbox.db"))
        self.addCleanup(reader.close)
        reader.execute("SELECT count(*) FROM outbox").fetchall()
        os.symlink("outbox.db", self.path("link.db"))
        os.link(self.path("outbox.db-wal"), self.path("log"))
        for name in ("outbox.db", "./outbox.db", "link.db", "outbox.db-wal",
                     "outbox.db-shm", "log"):
            with self.subTest(name=name):
                _, said = self.expect(1, "backup", name, "--replace")
                self.assertIn("is the database itself", said)
        self.assertEqual(len(self.rows()), 1)

    def test_a_database_in_use_is_not_replaced(self):
        self.expect(0, "-d", "other.db", "init")
        other = sqlite3.connect(self.path("other.db"))
        self.addCleanup(other.close)
        with other:
            other.execute("CREATE TABLE t (x)")
        _, said = self.expect(1, "backup", "other.db", "--replace")
        self.assertIn("in use as a database", said)

    def test_bad_places_are_named(self):
        os.mkdir(self.path("folder"))
        for code, name in ((3, "no/such/folder/copy.db"), (1, "folder")):
            _, said = self.expect(code, "backup", name)
            self.assertIn(name, said)
        self.expect(2, "backup")

    def test_it_is_of_one_moment_under_load(self):
        self.fill(20)
        self.sql("CREATE TABLE pair (id INTEGER PRIMARY KEY, a, b)")
        ended = threading.Event()
        written = []

        def produce():
            own = sqlite3.connect(self.path("outbox.db"), timeout=LIMIT_S,
                                  isolation_level=None)
            own.execute("PRAGMA synchronous = OFF")
            while not ended.is_set():
                number = len(written)
                own.execute("BEGIN IMMEDIATE")
                own.execute("INSERT INTO pair (a, b) VALUES (?, ?)",
                            (number, number))
                own.execute("INSERT INTO outbox (payload) VALUES (?)",
                            (webhook(f"load{number}"),))
                own.execute("COMMIT")
                written.append(number)
            own.close()

        thread = threading.Thread(target=produce)
        thread.start()
        try:
            while not written:
                time.sleep(0.01)
            for name in ("one.db", "two.db", "three.db"):
                before = len(written)
                self.expect(0, "backup", name)
                self.assertGreater(len(written), before)
                pairs, events = self.sql(
                    "SELECT (SELECT count(*) FROM pair), (SELECT count(*) "
                    "FROM outbox WHERE event_id LIKE 'load%')", path=name)[0]
                self.assertEqual(pairs, events)
                self.assertGreaterEqual(pairs, before)
                self.assertEqual(
                    self.sql("PRAGMA integrity_check", path=name),
                    [("ok",)])
        finally:
            ended.set()
            thread.join()

    def test_stopped_it_leaves_nothing(self):
        self.fill(60)
        before = set(os.listdir(self.folder))
        process = subprocess.Popen(
            [PROGRAM, "backup", "copy.db"], cwd=self.folder, text=True,
            env=environment(), stderr=subprocess.PIPE)
        deadline = time.monotonic() + LIMIT_S
        while not any(name.startswith("copy.db.new")
                      for name in os.listdir(self.folder)):
            self.assertIsNone(process.poll())
            self.assertLess(time.monotonic(), deadline)
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=LIMIT_S)
        self.assertEqual(process.returncode, 1, said)
        self.assertIn("there is no copy", said)
        self.assertEqual(set(os.listdir(self.folder)), before)

    def test_a_damaged_database_is_told(self):
        self.fill(2)
        self.sql("PRAGMA wal_checkpoint(TRUNCATE)")
        size = os.path.getsize(self.path("outbox.db"))
        page = self.sql("SELECT rootpage FROM sqlite_master WHERE name = "
                        "'outbox_by_event_id'")[0][0]
        with open(self.path("outbox.db"), "r+b") as file:
            file.seek((page - 1) * 4096 + 8)
            file.write(b"\xff" * 2000)
        self.assertEqual(os.path.getsize(self.path("outbox.db")), size)
        _, said = self.expect(1, "backup", "copy.db")
        self.assertIn("damaged", said)
        self.assertFalse(os.path.exists(self.path("copy.db")))

    def test_one_with_a_rollback_journal_is_copied_too(self):
        self.enqueue(2)
        self.sql("PRAGMA journal_mode = DELETE")
        self.expect(0, "backup", "copy.db")
        self.assertEqual(len(self.rows("-d", "copy.db")), 2)


if __name__ == "__main__":
    unittest.main()
