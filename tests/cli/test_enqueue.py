"""enqueue: what goes in, what is a repeat, what is refused and why."""

import json
import os
import sqlite3
import subprocess
import time
import unittest

from harness import LIMIT_S, PROGRAM, WEBHOOKS, Case, environment, webhook


class Enqueue(Case):
    def setUp(self):
        super().setUp()
        self.expect(0, "init")

    def ids(self):
        return [row["event_id"] for row in self.rows()]

    def test_one_object_an_array_and_one_a_line_are_taken(self):
        one = self.write("one.json", json.dumps(json.loads(webhook("e1")),
                                                indent=2))
        array = self.write("array.json", f"[{webhook('e2')},\n{webhook('e3')}]")
        lines = self.write("lines.ndjson",
                           f"{webhook('e4')}\n\n{webhook('e5')}\n")
        out, said = self.expect(0, "enqueue", one, array, lines)
        self.assertEqual(out, "5 enqueued, 0 duplicate, 0 refused\n")
        self.assertEqual(said, "")
        self.assertEqual(self.ids(), ["e1", "e2", "e3", "e4", "e5"])

    def test_stdin_is_read_without_files_and_as_a_dash(self):
        self.expect(0, "enqueue", stdin=webhook("e1"))
        self.expect(0, "enqueue", "-", stdin=webhook("e2"))
        out, _ = self.expect(0, "enqueue", stdin="")
        self.assertEqual(out, "0 enqueued, 0 duplicate, 0 refused\n")
        self.assertEqual(self.ids(), ["e1", "e2"])

    def test_a_repeat_changes_nothing(self):
        first = webhook("e1", product_id="first")
        out, _ = self.expect(0, "enqueue",
                             stdin=first + "\n" + webhook("e1"))
        self.assertEqual(out, "1 enqueued, 1 duplicate, 0 refused\n")
        out, _ = self.expect(0, "enqueue", stdin=webhook("e1"))
        self.assertEqual(out, "0 enqueued, 1 duplicate, 0 refused\n")
        shown = json.loads(self.expect(0, "show", "1", "--json")[0])
        self.assertEqual(shown["payload"], first)

    def test_each_bad_line_is_named_and_the_rest_stay_in(self):
        bad = [
            (2, "this is no JSON"),
            (3, '{"event":{"id":"x","type":"RENEWAL"}'),
            (5, '{"event":{"type":"RENEWAL"}}'),
            (6, '{"event":{"id":"","type":"RENEWAL"}}'),
            (7, '{"event":{"id":7,"type":"RENEWAL"}}'),
            (8, '{"event":{"id":"x"}}'),
            (9, '"text"'),
            (10, '{}'),
            (12, '{"event":{"id":"a\\u0000b","type":"RENEWAL"}}'),
        ]
        lines = {number: line for number, line in bad}
        text = "".join(
            (lines[n] if n in lines else webhook(f"good{n}")) + "\n"
            for n in range(1, 14))
        path = self.write("mixed.ndjson", text)
        out, said = self.expect(1, "enqueue", path)
        self.assertEqual(out, "4 enqueued, 0 duplicate, 9 refused\n")
        told = said.splitlines()
        self.assertEqual(len(told), len(bad), said)
        for (number, _), line in zip(bad, told):
            self.assertRegex(line, rf"mixed\.ndjson:{number}: .+")
        self.assertEqual(self.ids(), ["good1", "good4", "good11", "good13"])

    def test_a_refused_line_cannot_write_to_the_terminal(self):
        _, said = self.expect(1, "enqueue", stdin=b'{"a":\033[31m\xff}\n')
        self.assertNotIn("\033", said)
        self.assertIn("(input):1: ", said)

    def test_the_database_itself_is_not_read(self):
        os.symlink("outbox.db", self.path("link"))
        open_one = sqlite3.connect(self.path("outbox.db"))
        self.addCleanup(open_one.close)
        open_one.execute("SELECT count(*) FROM outbox").fetchone()
        # (A second name of the database itself is refused before this.)
        os.link(self.path("outbox.db-wal"), self.path("other"))
        for name in ("outbox.db", "./outbox.db", "other", "link",
                     "outbox.db-shm", "outbox.db-wal"):
            for database in ("outbox.db", "link"):
                _, said = self.expect(3, "-d", database, "enqueue", name)
                self.assertIn("is the database itself", said)
        with open(self.path("outbox.db"), "rb") as database:
            done = subprocess.run([PROGRAM, "enqueue"], stdin=database,
                                  capture_output=True, cwd=self.folder,
                                  env=environment(), timeout=LIMIT_S,
                                  check=False)
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"is the database itself", done.stderr)

    def test_every_sample_goes_in_once(self):
        files = sorted(os.path.join(WEBHOOKS, name)
                       for name in os.listdir(WEBHOOKS)
                       if name.endswith(".json"))
        out, _ = self.expect(0, "enqueue", *files)
        self.assertEqual(out, f"{len(files)} enqueued, 0 duplicate, "
                              "0 refused\n")
        out, _ = self.expect(0, "enqueue", *files)
        self.assertEqual(out, f"0 enqueued, {len(files)} duplicate, "
                              "0 refused\n")

    def wait_for(self, count):
        """Until the outbox holds that many events."""
        database = sqlite3.connect(self.path("outbox.db"), timeout=10)
        deadline = time.monotonic() + LIMIT_S
        try:
            while time.monotonic() < deadline:
                found = database.execute(
                    "SELECT count(*) FROM outbox").fetchone()[0]
                if found == count:
                    return
                time.sleep(0.005)
            self.fail(f"{found} events instead of {count}")
        finally:
            database.close()

    def test_events_from_a_pipe_do_not_wait_for_the_next_one(self):
        process = subprocess.Popen([PROGRAM, "enqueue"], cwd=self.folder,
                                   stdin=subprocess.PIPE, text=True,
                                   stdout=subprocess.PIPE, env=environment())
        try:
            for number in range(1, 4):
                process.stdin.write(webhook(f"e{number}") + "\n")
                process.stdin.flush()
                self.wait_for(number)
            # A body that is half here keeps nobody from writing.
            process.stdin.write(webhook("e4") + "\n" + webhook("e5")[:50])
            process.stdin.flush()
            self.wait_for(4)
            self.expect(0, "enqueue", stdin=webhook("other"))
            process.stdin.write(webhook("e5")[50:])
        finally:
            out, _ = process.communicate(timeout=LIMIT_S)
        self.assertEqual(out, "5 enqueued, 0 duplicate, 0 refused\n")
        self.assertEqual(process.returncode, 0)

    def test_a_large_input_goes_in_in_order(self):
        count = 3000
        text = "\n".join(webhook(f"e{n}") for n in range(count))
        out, _ = self.expect(0, "enqueue", stdin=text)
        self.assertEqual(out, f"{count} enqueued, 0 duplicate, 0 refused\n")
        self.assertEqual(self.ids(), [f"e{n}" for n in range(count)])

    def test_a_database_that_stays_locked_is_told_with_what_is_in(self):
        holder = sqlite3.connect(self.path("outbox.db"), isolation_level=None)
        process = subprocess.Popen(
            [PROGRAM, "enqueue"], cwd=self.folder, stdin=subprocess.PIPE,
            text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
            env=environment())
        try:
            process.stdin.write(webhook("e1") + "\n")
            process.stdin.flush()
            self.wait_for(1)
            holder.execute("BEGIN IMMEDIATE")
            process.stdin.write(webhook("e2") + "\n")
            out, said = process.communicate(timeout=LIMIT_S)
        finally:
            holder.close()
        self.assertEqual(process.returncode, 3)
        self.assertEqual(out, "1 enqueued, 0 duplicate, 0 refused\n")
        self.assertIn("run the same command again", said)


if __name__ == "__main__":
    unittest.main()
