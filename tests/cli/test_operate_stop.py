"""retry and discard on a terminal: asked, shown how far they are, stopped."""

import os
import pty
import signal
import sqlite3
import subprocess
import sys
import time
import unittest

sys.path.insert(1, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                "..", "bench"))

from fill import INSERT_FAILED  # noqa: E402
from harness import LIMIT_S, PROGRAM, Case, environment  # noqa: E402

MANY = 5000

class Stop(Case):
    def setUp(self):
        super().setUp()
        self.expect(0, "init")
        database = sqlite3.connect(self.path("outbox.db"))
        database.executescript(f"BEGIN; {INSERT_FAILED.format(MANY)} COMMIT;")
        database.close()

    def states(self):
        return dict(self.sql("SELECT state, count(*) FROM outbox_delivery "
                             "GROUP BY state"))

    def start(self, *words):
        """On a terminal of its own, whose Ctrl-C is a signal."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.chdir(self.folder)
            os.execve(PROGRAM, [PROGRAM, *words],
                      environment(TERM="xterm"))
        self.addCleanup(os.close, terminal)
        self.seen = ""
        return pid, terminal

    def read_until(self, terminal, text):
        deadline = time.monotonic() + LIMIT_S
        while text not in self.seen:
            self.assertLess(time.monotonic(), deadline, self.seen)
            try:
                self.seen += os.read(terminal, 65536).decode()
            except OSError:
                self.fail(f"{text!r} is not in {self.seen!r}")

    def end(self, pid, terminal):
        """Its exit code; all that it said is in self.seen."""
        while True:
            try:
                piece = os.read(terminal, 65536)
            except OSError:
                break
            if not piece:
                break
            self.seen += piece.decode()
        _, status = os.waitpid(pid, 0)
        return os.waitstatus_to_exitcode(status)

    def test_the_number_starts_it_and_progress_is_shown(self):
        pid, terminal = self.start("retry", "reason:gave_up")
        self.read_until(terminal, f"Type {MANY} to start: ")
        self.assertIn("Sample: ", self.seen)
        os.write(terminal, f"{MANY}\n".encode())
        self.assertEqual(self.end(pid, terminal), 0, self.seen)
        self.assertRegex(self.seen, r"Looking: \d+ %, [0-9]+ match")
        self.assertRegex(self.seen, r"retry [0-9,]+ of 5,000, \d+ %, .* left")
        self.assertIn(f"{MANY} wait to be sent", self.seen)
        self.assertEqual(self.states(), {"pending": MANY})

    def test_another_number_or_ctrl_c_at_the_question_changes_nothing(self):
        for answer in (b"7\n", b"\x03", b"\x04"):
            pid, terminal = self.start("discard", "state:failed", "id:1..300")
            self.read_until(terminal, "Type 300 to start: ")
            os.write(terminal, answer)
            self.assertEqual(self.end(pid, terminal), 1, self.seen)
            self.assertIn("nothing is changed", self.seen)
            self.assertEqual(self.states(), {"failed": MANY})
            self.assertEqual(
                self.sql("SELECT (SELECT count(*) FROM outbox_operation) + "
                         "(SELECT count(*) FROM outbox_operation_item)"),
                [(0,)])

    def test_ctrl_c_while_it_looks_leaves_no_plan(self):
        pid, terminal = self.start("retry", "state:failed", "--yes")
        self.read_until(terminal, "Looking: ")
        os.write(terminal, b"\x03")
        self.assertEqual(self.end(pid, terminal), 1, self.seen)
        self.assertIn("nothing is changed", self.seen)
        self.assertEqual(
            self.sql("SELECT (SELECT count(*) FROM outbox_operation) + "
                     "(SELECT count(*) FROM outbox_operation_item)"), [(0,)])

    def test_ctrl_c_while_it_runs_takes_it_back(self):
        pid, terminal = self.start("discard", "state:failed", "--yes")
        self.read_until(terminal, "discard ")
        self.read_until(terminal, " of 5,000, ")
        os.write(terminal, b"\x03")
        self.assertEqual(self.end(pid, terminal), 1, self.seen)
        self.assertIn("Cancelling operation 1, ", self.seen)
        self.assertIn("took back operation 1", self.seen)
        self.assertEqual(self.states(), {"failed": MANY})
        self.assertEqual(
            self.sql("SELECT action, state, applied = planned FROM "
                     "outbox_operation ORDER BY id"),
            [("discard", "cancelled", 0), ("cancel", "done", 1)])
        self.assertEqual(
            self.sql("SELECT count FROM outbox_count WHERE name IN "
                     "('failed', 'discarded') ORDER BY name DESC"),
            [(MANY,), (0,)])

    def test_a_terminated_one_is_gone_on_with(self):
        process = subprocess.Popen(
            [PROGRAM, "discard", "state:failed", "--yes"], cwd=self.folder,
            env=environment(), stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True)
        deadline = time.monotonic() + LIMIT_S
        while not self.states().get("discarded"):
            self.assertLess(time.monotonic(), deadline)
            self.assertIsNone(process.poll())
            time.sleep(0.02)
        process.send_signal(signal.SIGTERM)
        _, said = process.communicate(timeout=LIMIT_S)
        self.assertEqual(process.returncode, 1, said)
        self.assertIn("goes on with it. Stop it: subrelay cancel 1", said)
        self.assertEqual(self.sql("SELECT state FROM outbox_operation"),
                         [("running",)])
        # Whoever comes next: here another, small operation.
        self.expect(1, "discard", str(MANY))
        self.expect(0, "undo", "1")
        self.assertEqual(self.states(), {"failed": MANY})


if __name__ == "__main__":
    unittest.main()
