"""A retry of 50,000 through kill -9, a cancel half-way, a producer beside."""

import os
import sqlite3
import sys
import threading
import time
import unittest

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "bench"))

from fill import INSERT_FAILED  # noqa: E402
from support import (PATIENCE_S, Daemon, EndToEnd, scaled,  # noqa: E402
                     wait_until)

MANY = scaled(50000)
FEW = scaled(4000)


class Operations(EndToEnd):
    def failed(self, count):
        """An outbox with so many failed deliveries, each of its own user."""
        self.init()
        connection = sqlite3.connect(self.database)
        connection.executescript(
            f"BEGIN; {INSERT_FAILED.format(count)} COMMIT;")
        connection.close()

    def start_retry(self):
        return self.watch(Daemon("retry", ["-d", self.database, "retry",
                                           "state:failed", "--yes"],
                                 self.folder))

    def row(self, sql):
        connection = sqlite3.connect(self.database, timeout=PATIENCE_S)
        try:
            return connection.execute(sql).fetchone()
        finally:
            connection.close()

    def applied(self):
        row = self.row("SELECT applied FROM outbox_operation WHERE state = "
                       "'running'")
        return row[0] if row else 0

    def check_that_counts_add_up(self, count):
        """Items, counters and rows tell the same."""
        self.assertEqual(
            self.row("SELECT state, matched, planned, applied, changed FROM "
                     "outbox_operation WHERE action = 'retry'"),
            ("done", count, count, count, 0))
        self.assertEqual(
            self.row("SELECT count(*), sum(state = 'applied') FROM "
                     "outbox_operation_item"), (count, count))
        self.check_counters()

    def check_counters(self):
        self.assertEqual(self.row(
            "SELECT count(*) FROM outbox_count AS c WHERE name NOT LIKE "
            "'delivered%' AND count <> (SELECT count(*) FROM outbox_delivery "
            "WHERE state = c.name)"), (0,))

    def test_kill_9_of_the_command_and_of_the_relay_loses_nothing(self):
        """The sending is paused: what is counted is what is put back."""
        self.failed(MANY)
        self.cli("pause", "for the test")
        retry = self.start_retry()
        wait_until(lambda: self.applied() > MANY // 10, "some are put back",
                   4 * PATIENCE_S)
        retry.kill()
        killed_at = self.applied()
        self.assertLess(killed_at, MANY)
        self.check_counters()
        relay = self.start_relay("http://127.0.0.1:9")
        wait_until(lambda: self.applied() > killed_at + MANY // 10,
                   "the relay goes on", 4 * PATIENCE_S)
        relay.kill()
        self.assertLess(self.applied(), MANY)
        self.assertGreater(self.applied(), 0)
        self.check_counters()
        self.start_relay("http://127.0.0.1:9")
        wait_until(lambda: self.row("SELECT 1 FROM outbox_operation WHERE "
                                    "action = 'retry' AND state = 'done'"),
                   "all are put back", 4 * PATIENCE_S)
        self.assertEqual(
            self.row("SELECT count(*) FROM outbox_delivery WHERE state = "
                     "'pending' AND due_ms = 1 AND operation_id = 2"), (MANY,))
        self.check_that_counts_add_up(MANY)

    def test_cancel_half_way_leaves_the_rest_as_they_were(self):
        self.failed(FEW)
        retry = self.start_retry()
        wait_until(lambda: self.applied() > FEW // 4, "some are put back")
        retry.kill()
        half = self.applied()
        self.assertLess(half, FEW)
        told = self.cli("cancel", "1").err
        self.assertIn(f"took back operation 1, {half} deliveries; 0 left",
                      told)
        self.assertEqual(
            self.row("SELECT count(*) FROM outbox_delivery WHERE state = "
                     "'failed' AND reason = 'gave_up' AND settled_ms = 1 AND "
                     "operation_id IS NULL"), (FEW,))
        self.check_counters()

    def test_a_producer_beside_it_is_let_in(self):
        """Not how often, which the bench measures: that each of its commits
        has its turn soon, though the retry would never rest by itself."""
        self.failed(FEW)
        longest_s = [0.0]
        stop = threading.Event()

        def produce():
            connection = sqlite3.connect(self.database, timeout=PATIENCE_S,
                                         isolation_level=None)
            number = 0
            while not stop.is_set():
                began = time.monotonic()
                connection.execute(
                    "INSERT INTO outbox (payload) VALUES (json_object('event',"
                    " json_object('id', ?, 'type', 'RENEWAL', 'app_user_id', "
                    "'u')))", (f"fresh-{number}",))
                longest_s[0] = max(longest_s[0], time.monotonic() - began)
                number += 1
            connection.close()
            self.committed = number

        producer = threading.Thread(target=produce, daemon=True)
        producer.start()
        self.cli("retry", "state:failed", "--yes", seconds=4 * PATIENCE_S)
        stop.set()
        producer.join(PATIENCE_S)
        pages = FEW // 200
        self.assertGreater(self.committed, 2 * pages)
        self.assertLess(longest_s[0], PATIENCE_S / 3)
        self.check_that_counts_add_up(FEW)


if __name__ == "__main__":
    unittest.main()
