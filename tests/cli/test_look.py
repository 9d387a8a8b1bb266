"""list, show and status: what a person and a script get to see."""

import json
import os
import pty
import re
import signal
import subprocess
import unittest

from harness import LIMIT_S, PROGRAM, Case, environment, webhook

MINUTE_MS = 60000


class Look(Case):
    def setUp(self):
        super().setUp()
        self.expect(0, "init")

    def drained(self):
        """Five events: delivered, failed, skipped, and two of one user."""
        self.expect(0, "enqueue", stdin="\n".join([
            webhook("e1", app_user_id="ana"),
            webhook("e2", app_user_id="ben", type="PRODUCT_CHANGE"),
            webhook("e3", app_user_id="cleo", environment="SANDBOX"),
            webhook("e4", app_user_id="ana", type="CANCELLATION",
                    cancel_reason="UNSUBSCRIBE"),
            webhook("e5", app_user_id="dan", type="UNCANCELLATION"),
        ]))
        sandbox = self.sandbox("--faults", "reject=rc_product_change_event")
        self.drain(sandbox, code=1)

    def test_an_empty_outbox(self):
        self.assertEqual(self.expect(0, "list"), ("", ""))
        self.assertEqual(self.expect(0, "list", "--json"), ("", ""))
        page, _ = self.expect(0, "status")
        self.assertIn("0 pending", page)
        self.assertIn("not running; start it: subrelay -d outbox.db run", page)
        _, said = self.expect(1, "show", "1")
        self.assertIn("no delivery 1 in outbox.db", said)

    def test_a_list_is_newest_first_in_columns(self):
        self.drained()
        page, _ = self.expect(0, "list")
        lines = [re.split(r"  +", line.strip()) for line in page.splitlines()]
        self.assertEqual(lines[0], ["STATE", "ID", "AGE", "EVENT", "USER",
                                    "TRY", "LAST RESULT"])
        self.assertEqual([line[0:2] for line in lines[1:]], [
            ["delivered", "5"], ["delivered", "4"], ["skipped", "3"],
            ["failed", "2"], ["delivered", "1"]])
        self.assertEqual([line[3:5] for line in lines[1:]], [
            ["UNCANCELLATION", "dan"], ["cancellation", "ana"],
            ["renewal", "cleo"], ["product change", "ben"],
            ["renewal", "ana"]])
        self.assertIn("422", lines[4][6])

    def test_json_has_the_columns_of_the_database(self):
        self.drained()
        rows = self.rows()
        self.assertEqual([row["id"] for row in rows], [1, 2, 3, 4, 5])
        self.assertEqual(rows[1]["state"], "failed")
        self.assertEqual(rows[1]["reason"], "name_archived")
        self.assertEqual(rows[1]["status"], 422)
        self.assertEqual(rows[2]["reason"], "sandbox_event")
        self.assertEqual(rows[4]["kind"], None)
        self.assertEqual(rows[4]["type"], "UNCANCELLATION")
        self.assertEqual(rows[0]["event_timestamp_ms"], 1764000300137)
        for row in rows:
            self.assertIsNone(row["due_ms"])
            self.assertGreaterEqual(row["settled_ms"], row["arrived_ms"])

    def test_one_state_and_a_limit(self):
        self.drained()
        self.assertEqual([row["id"] for row in self.rows("state:delivered")],
                         [1, 4, 5])
        self.assertEqual(self.rows("state:pending"), [])
        out, _ = self.expect(0, "list", "--json", "-n", "2")
        self.assertEqual([json.loads(line)["id"] for line in out.splitlines()],
                         [5, 4])

    def test_a_long_list_goes_on_over_its_pages(self):
        count = 1203
        self.expect(0, "enqueue", stdin="\n".join(
            webhook(f"e{n}", app_user_id=f"u{n}") for n in range(count)))
        self.assertEqual([row["id"] for row in self.rows()],
                         list(range(1, count + 1)))
        page, _ = self.expect(0, "list", "--limit", "1200")
        self.assertEqual(len(page.splitlines()), 1201)

    def test_what_waits_says_for_what(self):
        self.expect(0, "enqueue",
                    stdin="\n".join(webhook(f"e{n}") for n in range(3)))
        page, _ = self.expect(0, "list")
        self.assertIn("due now", page.splitlines()[3])
        self.assertIn("behind #1", page.splitlines()[2])
        self.assertIn("behind #1", page.splitlines()[1])
        self.sql(
            "UPDATE outbox_delivery SET attempts = 1, due_ms = "
            "1000 * (strftime('%s') + 245) WHERE id = 1")
        self.assertIn("retry in 4 min", self.expect(0, "list")[0])

    def test_show_tells_a_failure_with_its_calls_and_the_next_step(self):
        self.drained()
        page, _ = self.expect(0, "show", "2")
        self.assertRegex(page, r"^2  product change as "
                               r"rc_product_change_event: failed after 1 att")
        self.assertRegex(page, r"(?m)^Why +The event's name is archived in "
                               r"Intercom \(422 .*\); it is not sent again")
        self.assertRegex(page, r"(?m)^Next step +\w+")
        self.assertRegex(page, r"(?m)^User +ben$")
        self.assertRegex(page, r"(?m)^Event id +e2$")
        self.assertRegex(page, r"(?m)^Happened +2025-11-24 16:05:00 UTC$")
        self.assertRegex(page, r"(?m)^Attempt 1  20.* UTC  automatic: failed")
        self.assertRegex(page, r"(?m)^    event +\{\"event_name\":\"rc_prod")
        self.assertRegex(page, r"(?m)^  1 POST /contacts +\d+ ms +200")
        self.assertRegex(page, r"(?m)^  2 POST /events +\d+ ms +422")
        self.assertRegex(page, r"(?m)^    answer +\{.*error\.list")

    def test_show_json_has_everything(self):
        self.drained()
        out, _ = self.expect(0, "show", "2", "--json")
        self.assertEqual(len(out.splitlines()), 1)
        shown = json.loads(out)
        self.assertEqual(shown["event_name"], "rc_product_change_event")
        self.assertTrue(shown["next_step"])
        self.assertEqual(json.loads(shown["payload"])["event"]["id"], "e2")
        attempt, = shown["history"]
        self.assertEqual(attempt["outcome"], "failed")
        self.assertEqual(json.loads(attempt["event_body"])["user_id"], "ben")
        self.assertEqual([(call["request"], call["status"])
                          for call in attempt["calls"]],
                         [("POST /contacts", 200), ("POST /events", 422)])
        self.assertIsNone(attempt["calls"][0]["answer"])
        self.assertEqual(json.loads(attempt["calls"][1]["answer"])["type"],
                         "error.list")

    def test_show_explains_a_skipped_one_and_a_waiting_one(self):
        self.drained()
        page, _ = self.expect(0, "show", "3")
        self.assertRegex(page, r"(?m)^Why +.*sandbox")
        self.assertNotIn("Next step", page)
        self.expect(0, "enqueue", stdin=webhook("e6", app_user_id="eve"))
        page, _ = self.expect(0, "show", "6")
        self.assertRegex(page, "^6  renewal as rc_renewal_event: pending\n")
        self.assertRegex(page, r"(?m)^Why +It has not been tried yet; it is "
                               r"due now and sent when a relay runs: none")
        self.assertRegex(page, r"(?m)^Next step +Start a relay")

    def test_why_is_one_sentence_and_the_next_step(self):
        self.drained()
        self.assertEqual(self.expect(0, "why", "2")[0].splitlines(), [
            "2 is failed. The event's name is archived in Intercom (422 "
            "parameter_invalid: event name archived (event_name)); it is not "
            "sent again unless an operator retries it.",
            "Next step: Restore the name in Intercom, or change it; then "
            "retry."])
        self.assertEqual(self.expect(0, "why", "4")[0],
                         "4 is delivered. Intercom took it (202); nothing "
                         "more happens.\n")
        told = json.loads(self.expect(0, "why", "3", "--json")[0])
        self.assertEqual(told["reason"], "sandbox_event")
        self.assertIn("nothing is sent unless", told["why"])
        self.assertIsNone(told["next_step"])
        _, said = self.expect(1, "why", "99")
        self.assertIn("no delivery 99", said)
        _, said = self.expect(2, "why", "state:failed")
        self.assertIn("is no id", said)

    def test_show_has_the_envelope_and_the_operations(self):
        self.drained()
        self.expect(0, "retry", "2")
        self.expect(0, "undo")
        self.expect(0, "discard", "2")
        page, _ = self.expect(0, "show", "2")
        self.assertRegex(page, r'(?m)^Envelope +{"product_identifier":')
        self.assertRegex(page, r"(?m)^Operation 1  .* retry by .*: restored$")
        self.assertRegex(page, r"(?m)^Operation 3  .* discard by .*: applied$")
        self.assertRegex(page, r"(?m)^Why +An operator discarded it "
                               r"\(operation 3\)")
        self.assertRegex(self.expect(0, "show", "3")[0],
                         r"(?m)^Envelope +{")
        shown = json.loads(self.expect(0, "show", "2", "--json")[0])
        self.assertEqual([(each["id"], each["item_state"])
                          for each in shown["operations"]],
                         [(1, "restored"), (3, "applied")])
        self.assertEqual(json.loads(shown["envelope"])["event_payload"]
                         ["event_name"], "rc_product_change_event")

    def test_an_id_that_is_not_there(self):
        _, said = self.expect(1, "show", "99")
        self.assertIn("no delivery 99", said)

    def test_status_counts_and_explains(self):
        self.drained()
        self.expect(0, "enqueue", stdin=webhook("e6", app_user_id="eve"))
        page, _ = self.expect(0, "status")
        self.assertIn("1 pending   0 sending   3 delivered   1 failed   "
                      "1 skipped   0 discarded", page)
        self.assertRegex(page, r"(?m)^PENDING, BY AGE +all +<1m +<5m")
        self.assertRegex(page, r"(?m)^renewal +1 +1 +0 +0 +0 +0 +0 +0$")
        self.assertRegex(page, r"(?m)^FAILED, BY CAUSE +count +first +last")
        self.assertRegex(page, r"(?m)^422 .* 1 +\d+s +\d+s +1$")
        self.assertRegex(page, r"(?m)^  name_archived: \w+")
        self.assertRegex(page, r"calls per delivered event")
        self.assertRegex(page, r"(?m)^ATTEMPTS +last minute +a minute, last "
                               r"hour +last hour$")
        self.assertRegex(page, r"(?m)^delivered +\d+ +0\.[01] +3$")
        self.assertRegex(page, r"(?m)^failed +\d+ +0\.0 +1$")

    def test_status_is_shown_again_until_a_signal(self):
        watch = subprocess.Popen(
            [PROGRAM, "status", "--watch", "--json", "--interval", "100ms"],
            cwd=self.folder, env=environment(), stdout=subprocess.PIPE,
            text=True)
        self.addCleanup(watch.stdout.close)
        self.addCleanup(watch.kill)
        self.assertEqual(json.loads(watch.stdout.readline())["pending"], 0)
        self.expect(0, "enqueue", stdin=webhook("e1"))
        while json.loads(watch.stdout.readline())["pending"] != 1:
            pass
        watch.send_signal(signal.SIGINT)
        self.assertEqual(watch.wait(LIMIT_S), 0)

    def test_status_json_is_one_object(self):
        self.drained()
        out, _ = self.expect(0, "status", "--json")
        self.assertEqual(len(out.splitlines()), 1)
        status = json.loads(out)
        self.assertEqual(
            [status[key] for key in ("pending", "sending", "delivered",
                                     "failed", "skipped", "discarded")],
            [0, 0, 3, 1, 1, 0])
        cause, = status["failed_by_cause"]
        self.assertEqual(cause["reason"], "name_archived")
        self.assertEqual(cause["count"], 1)
        self.assertTrue(cause["next_step"])
        self.assertFalse(status["relay"]["is_running"])
        self.assertIsNone(status["destination"]["hold_reason"])
        self.assertGreater(status["calls_per_event"], 1)
        self.assertEqual(status["attempts"]["delivered"]["last_hour"], 3)
        self.assertEqual(status["attempts"]["failed"]["last_hour"], 1)

    def test_an_outage_is_told(self):
        self.sql(
            "UPDATE outbox_destination SET api_url = 'http://there', "
            "breaker_since_ms = 1000 * (strftime('%s') - 300), "
            "breaker_text = 'connection refused'")
        page, _ = self.expect(0, "status")
        self.assertRegex(page, r"NOTHING GETS THROUGH since .* \(5 min ago\)")
        self.assertIn("connection refused. One delivery at a time", page)
        self.assertIn("none of them fails because of this", page)
        destination = json.loads(
            self.expect(0, "status", "--json")[0])["destination"]
        self.assertEqual(destination["breaker_text"], "connection refused")

    def test_a_hold_and_a_pause_are_told_with_how_to_mend_them(self):
        self.sql(
            "UPDATE outbox_destination SET api_url = 'http://there', "
            "hold_reason = 'token_refused', hold_text = 'the token was "
            "refused; give a new one', held_since_ms = "
            "1000 * (strftime('%s') - 300), pause_reason = 'lunch', "
            "paused_by = 'operator', paused_since_ms = 1764000000000")
        page, _ = self.expect(0, "status")
        self.assertRegex(page, r"HELD since .* \(5 min ago\)")
        self.assertIn("the token was refused; give a new one", page)
        self.assertIn("PAUSED by operator since 2025-11-24 16:00:00 UTC", page)
        self.assertIn("lunch", page)

    def test_text_from_outside_is_not_obeyed_by_the_terminal(self):
        self.expect(0, "enqueue", stdin=webhook(
            "\033[31mid", app_user_id="a\033[2Jb", type="\033]0;x\007"))
        for words in (("list",), ("show", "1"), ("status",)):
            page, _ = self.expect(0, *words)
            self.assertNotIn("\033", page)
            self.assertNotIn("\007", page)
        self.assertEqual(self.rows()[0]["event_id"], "\033[31mid")

    def on_terminal(self, *words, **env):
        """What a terminal of 80 columns is sent."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            [PROGRAM, *words], stdout=theirs, stdin=subprocess.DEVNULL,
            cwd=self.folder, env=environment(TERM="xterm", **env))
        os.close(theirs)
        sent = b""
        while True:
            try:
                piece = os.read(ours, 65536)
            except OSError:
                break
            if not piece:
                break
            sent += piece
        os.close(ours)
        self.assertEqual(process.wait(LIMIT_S), 0)
        return sent.decode()

    def test_colour_is_for_terminals_that_want_it(self):
        self.drained()
        self.assertIn("\033[1;31mfailed\033[0m", self.on_terminal("list"))
        self.assertNotIn("\033", self.on_terminal("list", NO_COLOR="1"))
        self.assertNotIn("\033", self.expect(0, "list")[0])

    def test_lines_are_cut_on_a_terminal_only(self):
        self.expect(0, "enqueue", stdin=webhook("e1", app_user_id="u" * 99))
        page = self.on_terminal("list", NO_COLOR="1")
        for line in page.splitlines():
            self.assertLessEqual(len(line), 80)
        self.assertIn("uuu~", page)
        self.assertIn("u" * 99, self.expect(0, "list")[0])


if __name__ == "__main__":
    unittest.main()
