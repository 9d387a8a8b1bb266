"""prune, and run --keep: what settled long ago goes."""

import json
import os
import subprocess
import time
import unittest

from harness import LIMIT_S, PROGRAM, Case, environment, wait_line, webhook

MANY = 1500
DAY_MS = 86400000


class Prune(Case):
    def setUp(self):
        super().setUp()
        self.expect(0, "init")

    def old(self, count, state="delivered", age_days=100):
        """So many that settled so long ago."""
        first = self.sql("SELECT coalesce(max(id), 0) FROM outbox")[0][0]
        self.expect(0, "enqueue", stdin="\n".join(
            webhook(f"{state}-{i}", app_user_id=f"{state}{i}", note="x" * 400)
            for i in range(count)))
        then = int(time.time() * 1000) - age_days * DAY_MS
        self.sql(f"UPDATE outbox_delivery SET state = '{state}', "
                 f"aside = nullif('{state}', 'delivered'), "
                 f"due_ms = NULL, settled_ms = {then}, arrived_ms = {then} "
                 f"WHERE id > {first}")
        self.sql(f"UPDATE outbox_count SET count = {count} "
                 f"WHERE name = '{state}'")
        self.sql("UPDATE outbox_count SET count = 0 WHERE name = 'pending'")
        self.sql("DELETE FROM outbox_backlog")

    def states(self):
        return dict(self.sql(
            "SELECT state, count(*) FROM outbox_delivery GROUP BY state"))

    def test_it_tells_first_and_then_does_what_it_told(self):
        self.old(MANY)
        self.old(2, "failed")
        self.old(3, "skipped", age_days=80)
        page, said = self.expect(0, "prune", "--older-than", "90d",
                                 "--dry-run")
        self.assertIn("1,500 would go", page)
        self.assertIn("2 failed ones as old stay", page)
        self.assertEqual(said, "")
        self.assertEqual(self.states(),
                         {"delivered": MANY, "failed": 2, "skipped": 3})
        self.assertEqual(self.expect(0, "operations"), ("", ""))

        size = os.path.getsize(self.path("outbox.db"))
        page, _ = self.expect(0, "prune", "--older-than", "90d")
        self.assertIn("1,500 pruned", page)
        self.assertRegex(page, r"\d\.\d MB given back; the file has ")
        self.assertLess(os.path.getsize(self.path("outbox.db")), size / 2)
        self.assertEqual(self.states(), {"failed": 2, "skipped": 3})
        self.assertIn("older than 90 d", self.expect(0, "operations")[0])
        self.assertIn("0 pruned",
                      self.expect(0, "prune", "--older-than", "90d")[0])
        self.assertEqual(self.sql("PRAGMA integrity_check"), [("ok",)])

    def test_a_repeat_stays_a_repeat(self):
        self.old(1)
        self.expect(0, "prune", "--older-than", "90d")
        out, _ = self.expect(0, "enqueue", stdin=webhook("delivered-0"))
        self.assertEqual(out, "0 enqueued, 1 duplicate, 0 refused\n")

    def test_a_file_that_does_not_shrink_says_so(self):
        self.sql("CREATE TABLE subscription (id)", path="app.db")
        os.remove(self.path("outbox.db"))
        os.rename(self.path("app.db"), self.path("outbox.db"))
        self.expect(0, "init")
        self.old(MANY)
        size = os.path.getsize(self.path("outbox.db"))
        page, _ = self.expect(0, "prune", "--older-than", "90d")
        self.assertIn("does not shrink", page)
        self.assertNotIn("given back", page)
        self.assertEqual(os.path.getsize(self.path("outbox.db")), size)

    def test_json_has_the_figures(self):
        self.old(5)
        self.old(1, "failed")
        out, _ = self.expect(0, "prune", "--older-than", "90d", "--json")
        figures = json.loads(out)
        self.assertEqual(figures["delivered"], 5)
        self.assertEqual(figures["failed_left"], 1)
        self.assertEqual(figures["auto_vacuum"], "incremental")
        self.assertFalse(figures["dry_run"])

    def test_bad_input_says_why(self):
        for words, text in (((), "--older-than is missing"),
                            (("--older-than", "soon"), "'soon'"),
                            (("--older-than", "-1"), "'-1'"),
                            (("--older-than", "90d", "7"), "too many")):
            with self.subTest(words=words):
                self.assertIn(text, self.expect(2, "prune", *words)[1])
        for keep in ("soon", "0", "999ms", "-5d"):
            with self.subTest(keep=keep):
                self.assertIn("--keep", self.expect(
                    2, "run", f"--keep={keep}", "--drain")[1])

    def test_a_running_relay_prunes_by_itself(self):
        self.old(MANY)
        sandbox = self.sandbox()
        relay = subprocess.Popen(
            [PROGRAM, "run", "--keep", "90d", "--api-url", sandbox.url],
            cwd=self.folder, stderr=subprocess.PIPE, text=True,
            env=environment(INTERCOM_TOKEN="any"))
        try:
            wait_line(relay, "pruned 1500 delivered")
        finally:
            relay.terminate()
            relay.communicate(timeout=LIMIT_S)
        self.assertEqual(self.states(), {})

    def test_a_relay_told_to_keep_for_ever_does(self):
        self.old(3)
        self.drain(self.sandbox(), "--keep", "forever")
        self.assertEqual(self.states(), {"delivered": 3})


if __name__ == "__main__":
    unittest.main()
