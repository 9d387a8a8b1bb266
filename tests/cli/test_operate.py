"""retry, discard, names, pause and taking back: what operators do."""

import json
import signal
import subprocess
import time
import unittest

from harness import LIMIT_S, PROGRAM, Case, environment, webhook

MANY = 3000


class Operate(Case):
    def setUp(self):
        super().setUp()
        self.expect(0, "init")

    def failed(self, count):
        """So many deliveries, each of its own user, all failed."""
        self.expect(0, "enqueue", stdin="\n".join(
            webhook(f"e{i}", app_user_id=f"u{i}") for i in range(count)))
        self.sql("UPDATE outbox_delivery SET state = 'failed', "
                 "aside = 'failed', due_ms = NULL,"
                 " reason = 'parameter_invalid', settled_ms = 1")
        self.sql(f"UPDATE outbox_count SET count = {count} "
                 "WHERE name = 'failed'")
        self.sql("UPDATE outbox_count SET count = 0 WHERE name = 'pending'")
        self.sql("DELETE FROM outbox_backlog")

    def states(self):
        return dict(self.sql(
            "SELECT state, count(*) FROM outbox_delivery GROUP BY state"))

    def check_counters(self):
        counted = dict(self.sql("SELECT name, count FROM outbox_count WHERE "
                                "count > 0 AND name NOT LIKE 'delivered%'"))
        rows = self.states()
        rows.pop("delivered", None)
        self.assertEqual(counted, rows)

    def test_one_is_retried_without_asking_and_undone(self):
        self.failed(2)
        page, said = self.expect(0, "retry", "1")
        self.assertIn("1 will be sent again", page)
        self.assertIn("No relay is running", said)
        self.assertEqual(self.states(), {"failed": 1, "pending": 1})
        self.check_counters()
        self.expect(0, "undo")
        self.assertEqual(self.states(), {"failed": 2})
        self.check_counters()

    def test_many_need_yes_without_a_terminal(self):
        self.failed(2)
        _, said = self.expect(2, "retry", "state:failed")
        self.assertIn("--yes", said)
        self.assertEqual(self.states(), {"failed": 2})
        self.expect(0, "retry", "state:failed", "--yes")
        self.assertEqual(self.states(), {"pending": 2})

    def test_a_dry_run_changes_and_leaves_nothing(self):
        self.failed(2)
        page, _ = self.expect(0, "discard", "state:failed", "--dry-run")
        self.assertIn("2 will be discarded", page)
        self.assertEqual(self.states(), {"failed": 2})
        self.assertEqual(self.sql("SELECT count(*) FROM outbox_operation"),
                         [(0,)])
        self.assertEqual(self.expect(0, "operations"), ("", ""))

    def test_bad_input_says_why(self):
        self.failed(1)
        self.sql("UPDATE outbox_delivery SET state = 'sending', "
                 "aside = NULL, settled_ms = NULL, epoch = 1")
        for code, words, text in (
                (1, ("retry", "77"), "there is no delivery 77"),
                (1, ("retry", "nonsense"), "Nothing matches"),
                (2, ("retry", "stat:failed"), "no such word; there are state:"),
                (2, ("retry", "1", "code:422"), "id:1 is an id"),
                (2, ("discard", "state:x"), "a state is pending"),
                (2, ("retry",), "is missing"),
                (1, ("retry", "state:failed"), "Nothing matches"),
                (1, ("retry", "1"), "left alone"),
                (1, ("undo",), "there is nothing to undo"),
                (1, ("undo", "9"), "there is no operation 9"),
                (1, ("cancel", "9"), "there is no operation 9"),
                (2, ("cancel", "x"), "'x'"),
                (2, ("names", "set", "nothing", "x"), "no event 'nothing'"),
                (1, ("names", "set", "renewal", "a\nb"), "control"),
                (1, ("names", "set", "renewal", "x" * 121), "120"),
                (1, ("names", "set", "renewal", "RC_Expiration_event"),
                 "expiration"),
        ):
            with self.subTest(words=words):
                _, said = self.expect(code, *words)
                self.assertIn(text, said)

    def test_a_retry_is_delivered_as_the_operations(self):
        self.expect(0, "enqueue", stdin=webhook("e1"))
        rejecting = self.sandbox("--faults", "reject=rc_renewal_event")
        self.drain(rejecting, code=1)
        page, said = self.expect(0, "names", "set", "renewal", "Renewed")
        self.assertIn('"event_name":"rc_renewal_event"', page)
        self.assertIn('"event_name":"Renewed"', page)
        self.assertIn("1 failed take it", page)
        self.assertIn("undo it", said)
        self.expect(0, "retry", "1")
        self.drain(rejecting)
        self.assertEqual(self.sql(
            "SELECT number, cause, outcome FROM outbox_attempt_outcome"),
            [(1, "automatic", "failed"), (2, "operation 2", "delivered")])
        self.expect(1, "retry", "1")
        self.expect(0, "retry", "1", "--include-delivered")
        self.check_counters()

    def attempts(self):
        """What show tells of delivery 1's attempts, to the byte."""
        page = json.loads(self.expect(0, "show", "1", "--json")[0])
        return [json.dumps(attempt) for attempt in page["history"]]

    def test_how_a_delivered_one_was_delivered_outlives_its_retry(self):
        self.expect(0, "enqueue", stdin=webhook("e1"))
        sandbox = self.sandbox()
        self.drain(sandbox)
        page = self.expect(0, "show", "1", "--json")[0]
        before = self.attempts()
        self.assertEqual(len(before), 1)
        first = json.loads(before[0])
        settled = json.loads(page)["settled_ms"]
        self.assertEqual((first["outcome"], first["ended_ms"]),
                         ("delivered", settled))
        self.expect(0, "retry", "1", "--include-delivered")
        self.assertEqual(self.attempts(), before)
        self.expect(0, "undo")
        self.assertEqual(self.attempts(), before)
        self.expect(0, "retry", "1", "--include-delivered")
        self.drain(sandbox)
        after = self.attempts()
        self.assertEqual(len(after), 2)
        self.assertEqual(after[:1], before)
        self.assertEqual(json.loads(after[1])["outcome"], "delivered")

    def test_a_name_is_switched_off_and_undone(self):
        self.expect(0, "names", "off", "renewal", "--dry-run")
        self.assertNotIn("off", self.expect(0, "names")[0])
        self.expect(0, "names", "off", "renewal")
        self.assertIn("off", self.expect(0, "names")[0])
        self.assertEqual(self.expect(0, "undo", "1")[1],
                         "Operation 2: took back operation 1.\n")
        self.assertNotIn("off", self.expect(0, "names")[0])

    def test_a_pause_is_there_until_resume(self):
        self.expect(0, "pause", "renaming")
        self.assertIn("renaming", self.expect(0, "status")[0])
        self.assertEqual(
            self.expect(0, "resume")[1].splitlines(),
            ["Resumed.", "No relay is running: nothing is sent before "
             "subrelay run."])
        _, said = self.expect(0, "pause")
        self.assertIn("No relay is running: one that starts waits", said)
        self.assertNotIn("renaming", self.expect(0, "status")[0])

    def killed_retry(self):
        """A retry of MANY, killed after its first page."""
        self.failed(MANY)
        process = subprocess.Popen(
            [PROGRAM, "retry", "state:failed", "--yes"], cwd=self.folder,
            env=environment(), stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + LIMIT_S
        while not self.states().get("pending"):
            self.assertLess(time.monotonic(), deadline)
            self.assertIsNone(process.poll())
        process.send_signal(signal.SIGKILL)
        process.wait(LIMIT_S)
        self.assertEqual(self.sql("SELECT state FROM outbox_operation"),
                         [("running",)])

    def test_the_relay_goes_on_with_a_killed_retry(self):
        self.killed_retry()
        self.drain(self.sandbox())
        self.assertEqual(self.states(), {"delivered": MANY})
        self.assertEqual(
            self.sql("SELECT state, applied FROM outbox_operation"),
            [("done", MANY)])
        self.check_counters()

    def test_cancel_half_way_leaves_all_as_they_were(self):
        self.killed_retry()
        self.expect(0, "cancel", "1")
        self.assertEqual(self.states(), {"failed": MANY})
        self.check_counters()
        self.assertIn("cancelled", self.expect(0, "operations")[0])


if __name__ == "__main__":
    unittest.main()
