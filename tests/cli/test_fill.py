"""scripts/fill: the long histories that figures are measured on hold what a
relay's would."""

import json
import os
import subprocess
import sys
import unittest

from harness import LIMIT_S, Case

FILL = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "bench",
                    "fill.py")


class Fill(Case):
    def setUp(self):
        super().setUp()
        subprocess.run([sys.executable, "-B", FILL, "20000",
                        self.path("outbox.db")], check=True, timeout=LIMIT_S,
                       capture_output=True)

    def test_the_counters_are_those_of_the_rows(self):
        self.assertEqual(
            self.sql("SELECT name, count FROM outbox_count WHERE count > 0 "
                     "AND name NOT LIKE 'delivered_%' ORDER BY 1"),
            self.sql("SELECT state, count(*) FROM outbox_delivery "
                     "GROUP BY state ORDER BY 1"))
        self.assertEqual(self.sql("SELECT sum(count) FROM outbox_backlog"),
                         self.sql("SELECT count(*) FROM outbox_delivery "
                                  "WHERE state = 'pending'"))
        self.assertEqual(self.sql("PRAGMA integrity_check"), [("ok",)])

    def test_all_states_are_there_and_only_heads_are_due(self):
        status = json.loads(self.expect(0, "status", "--json")[0])
        for state in ("pending", "sending", "delivered", "failed", "skipped",
                      "discarded"):
            self.assertGreater(status[state], 0, state)
        self.assertEqual(self.sql(
            "SELECT lane FROM outbox_delivery WHERE due_ms IS NOT NULL OR "
            "state = 'sending' GROUP BY lane HAVING count(*) > 1"), [])

    def test_failed_ones_have_their_attempts(self):
        self.assertEqual(self.sql(
            "SELECT id FROM outbox_delivery WHERE state = 'failed' AND "
            "attempts <> (SELECT count(*) FROM outbox_attempt WHERE "
            "delivery_id = outbox_delivery.id)"), [])
        failed = self.sql("SELECT id FROM outbox_delivery WHERE state = "
                          "'failed' AND attempts > 1")[0][0]
        page, _ = self.expect(0, "show", str(failed))
        self.assertIn("Attempt 2", page)

    def test_a_file_that_is_there_is_left_alone(self):
        result = subprocess.run(
            [sys.executable, "-B", FILL, "5", self.path("outbox.db")],
            check=False, timeout=LIMIT_S, capture_output=True, text=True)
        self.assertEqual(result.returncode, 1)
        self.assertIn("is there already", result.stderr)


if __name__ == "__main__":
    unittest.main()
