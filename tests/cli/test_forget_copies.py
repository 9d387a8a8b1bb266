"""forget: nor in what no row uses, whatever wrote the file and whatever
happens meanwhile."""

import collections
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import threading
import unittest

from harness import LIMIT_S, PROGRAM, Case, environment, wait_line, webhook


def lane(number):
    return f"person-{number * 7919 % 4001:04}-x"


def fill(path, count, secure_delete):
    """Events of users in no order, whose deliveries and attempts grow in the
    middle of their pages: copies of rows stay where those are laid out anew."""
    dice = random.Random(5)
    database = sqlite3.connect(path, timeout=LIMIT_S)
    database.execute(f"PRAGMA secure_delete = {secure_delete}")
    with database:
        for i in range(count):
            database.execute("INSERT INTO outbox (payload) VALUES (?)", (
                webhook(f"event-{i}", app_user_id=lane(i)),))
    for _ in range(count // 50):
        with database:
            for i in dice.sample(range(count), 50):
                database.execute(
                    "UPDATE outbox_delivery SET result = ? WHERE id = ?",
                    ("r" * dice.randrange(400), i + 1))
                database.execute(
                    "INSERT OR REPLACE INTO outbox_attempt (id, epoch, cause, "
                    "started_ms, ended_ms, outcome, event_body) VALUES "
                    "(?, 1, 'automatic', 1, 2, 'retry', ?)",
                    ((i + 1 << 20) + dice.randrange(101, 104),
                     lane(i) + "b" * dice.randrange(700)))
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    database.close()


def unused(path):
    """Of each table and index, the bytes of its pages that no row uses."""
    database = sqlite3.connect(path)
    database.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    size, = database.execute("PRAGMA page_size").fetchone()
    pages = database.execute(
        "SELECT name, pageno FROM dbstat WHERE name GLOB '*outbox*'"
        " AND pagetype <> 'overflow'").fetchall()
    database.close()
    with open(path, "rb") as file:
        data = file.read()
    found = collections.defaultdict(bytes)

    def two(page, at):
        return int.from_bytes(page[at:at + 2], "big")

    for name, number in pages:
        page = data[(number - 1) * size:number * size]
        inner = 4 if page[0] in (2, 5) else 0
        found[name] += page[8 + inner + 2 * two(page, 3):two(page, 5) or 65536]
        block = two(page, 1)
        while block:
            found[name] += page[block + 4:block + two(page, block + 2)]
            block = two(page, block)
    return found


class Copies(Case):
    def most_copied(self, count, of):
        """The users of whom most copies are in the file."""
        with open(self.path("outbox.db"), "rb") as file:
            data = file.read()
        return sorted((lane(i) for i in range(of)),
                      key=lambda user: -data.count(user.encode()))[:count]

    def forget(self, users):
        for user in users:
            self.expect(0, "forget", user, "--yes")
        self.assertEqual(self.files_with(users), [])
        self.assertEqual(self.sql("PRAGMA integrity_check"), [("ok",)])

    def test_copies_where_pages_were_laid_out_anew(self):
        for secure_delete in ("ON", "OFF"):
            with self.subTest(secure_delete=secure_delete):
                self.expect(0, "init")
                fill(self.path("outbox.db"), 2000, secure_delete)
                found = unused(self.path("outbox.db"))
                for name in ("outbox_attempt", "outbox_delivery",
                             "outbox_delivery_lane", "outbox_delivery_head"):
                    self.assertTrue(any(found[name]), name)
                copied = [lane(i) for i in range(2000)
                          if lane(i).encode() in b"".join(found.values())]
                self.assertGreater(len(copied), 10)
                self.forget([lane(0), *copied[:5], *copied[-5:]])
                left = unused(self.path("outbox.db"))
                self.assertEqual(b"".join(left.values()).strip(b"\0"), b"")
                os.remove(self.path("outbox.db"))

    def test_files_of_other_kinds(self):
        for size, vacuum, mode in (
                (512, "FULL", "WAL"), (1024, "INCREMENTAL", "PERSIST"),
                (8192, "FULL", "TRUNCATE"), (65536, "NONE", "DELETE"),
                (4096, "FULL", "PERSIST"), (65536, "INCREMENTAL", "WAL")):
            with self.subTest(size=size, vacuum=vacuum, mode=mode):
                database = sqlite3.connect(self.path("outbox.db"))
                for setting in (f"page_size = {size}",
                                f"auto_vacuum = {vacuum}",
                                f"journal_mode = {mode}",
                                "secure_delete = OFF"):
                    database.execute(f"PRAGMA {setting}").fetchall()
                with database:
                    database.execute("CREATE TABLE app (x)")
                    for i in range(500):
                        database.execute("INSERT INTO app VALUES (?)",
                                         (f"row {i} " + "z" * (i * 37 % 3000),))
                    database.execute("DELETE FROM app WHERE rowid % 3 = 0")
                rows = database.execute("SELECT * FROM app").fetchall()
                database.close()
                self.expect(0, "init")
                fill(self.path("outbox.db"), 500, "OFF")
                self.forget(self.most_copied(3, 500))
                self.assertEqual(self.sql("SELECT * FROM app"), rows)
                self.assertEqual(self.sql("SELECT count(*) FROM outbox"),
                                 [(497,)])
                self.assertEqual(self.sql("PRAGMA page_size"), [(size,)])
                for name in os.listdir(self.folder):
                    os.remove(self.path(name))

    def test_beside_a_relay_and_a_producer(self):
        self.expect(0, "init")
        users = [lane(i) for i in range(0, 900, 300)]
        fill(self.path("outbox.db"), 900, "OFF")
        sandbox = self.sandbox()
        stop = threading.Event()
        produced = []

        def produce():
            database = sqlite3.connect(self.path("outbox.db"), timeout=LIMIT_S)
            database.execute("PRAGMA secure_delete = OFF")
            while not stop.is_set():
                with database:
                    database.execute("INSERT INTO outbox (payload) VALUES (?)", (
                        webhook(f"new-{len(produced)}",
                                app_user_id=f"new-{len(produced) % 97}"),))
                produced.append(None)
            database.close()

        relay = subprocess.Popen(
            [PROGRAM, "run", "--api-url", sandbox.url], cwd=self.folder,
            stderr=subprocess.PIPE, text=True,
            env=environment(INTERCOM_TOKEN="any"))
        producer = threading.Thread(target=produce)
        try:
            wait_line(relay, "relaying")
            producer.start()
            for user in users:
                self.expect(0, "forget", user, "--yes")
                self.assertEqual(self.files_with([user]), [])
        finally:
            stop.set()
            if producer.ident is not None:
                producer.join()
            relay.terminate()
            relay.communicate(timeout=LIMIT_S)
        self.drain(sandbox)
        self.assertEqual(self.files_with(users), [])
        self.assertEqual(self.sql("PRAGMA integrity_check"), [("ok",)])
        self.assertEqual(
            self.sql("SELECT state, count(*) FROM outbox_delivery GROUP BY 1"),
            [("delivered", 900 - len(users) + len(produced))])

    def test_killed_at_any_point(self):
        self.expect(0, "init")
        fill(self.path("outbox.db"), 1500, "OFF")
        user = self.most_copied(1, 1500)[0]
        shutil.copy(self.path("outbox.db"), self.path("filled"))
        for looks in range(0, 24, 3):
            for name in os.listdir(self.folder):
                if name != "filled":
                    os.remove(self.path(name))
            shutil.copy(self.path("filled"), self.path("outbox.db"))
            forget = subprocess.Popen(
                [PROGRAM, "forget", user, "--yes"], cwd=self.folder,
                env=environment(), stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
            while not self.sql("SELECT 1 FROM outbox_operation"):
                self.assertIn(forget.poll(), (None, 0))
            for _ in range(looks):
                self.sql("SELECT 1 FROM outbox_operation")
            forget.send_signal(signal.SIGKILL)
            forget.wait(LIMIT_S)
            was_due = self.sql("SELECT 1 FROM outbox_operation "
                               "WHERE ended_ms IS NULL")
            self.assertEqual(self.sql("PRAGMA integrity_check"), [("ok",)])
            self.expect(0 if was_due else 1, "forget", user, "--yes")
            self.assertEqual(
                [found for found in self.files_with([user])
                 if found[0] != "filled"], [])
            self.assertEqual(self.sql("PRAGMA integrity_check"), [("ok",)])
            self.assertEqual(
                self.sql("SELECT count(*) FROM outbox_delivery"), [(1499,)])

    def test_interrupted_while_others_read(self):
        """A reader of an older moment keeps the log: then it is erased, and
        not overwritten."""
        self.expect(0, "init")
        fill(self.path("outbox.db"), 500, "ON")
        user = lane(77)
        reader = sqlite3.connect(self.path("outbox.db"), isolation_level=None)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM outbox").fetchall()
        forget = subprocess.Popen(
            [PROGRAM, "forget", user, "--yes"], cwd=self.folder,
            env=environment(), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        while self.sql("SELECT 1 FROM outbox_delivery WHERE id = 78"):
            self.assertIsNone(forget.poll())
        # and a producer is not kept waiting meanwhile
        for i in range(20):
            self.expect(0, "enqueue", stdin=webhook(f"more-{i}"))
        self.assertIsNone(forget.poll())
        forget.send_signal(signal.SIGKILL)
        forget.wait(LIMIT_S)
        reader.close()

        for words in ([], ["--dry-run"], ["--dry-run", "--yes"]):
            _, said = self.expect(1, "forget", user, *words)
            self.assertIn("Nothing of this user is here", said)
            self.assertIn("Operation 1 was interrupted", said)
        page, _ = self.expect(0, "check", "--offline")
        self.assertIn("operation 1 was interrupted", page)
        _, said = self.expect(0, "forget", user, "--yes")
        self.assertIn("overwritten", said)
        page, _ = self.expect(0, "check", "--offline")
        self.assertNotIn("interrupted", page)
        self.assertEqual(self.files_with([user]), [])
        _, said = self.expect(1, "forget", user, "--yes")
        self.assertNotIn("interrupted", said)


if __name__ == "__main__":
    unittest.main()
