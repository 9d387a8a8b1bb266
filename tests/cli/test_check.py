"""check: the doctor. Every illness is made here, and has to be named with what
to do; a healthy outbox has to be called healthy."""

import json
import os
import sqlite3
import subprocess
import unittest

from harness import LIMIT_S, PROGRAM, Case, environment, wait_line, webhook


class Check(Case):
    def setUp(self):
        super().setUp()
        self.expect(0, "init")

    def sql_without_triggers(self, statement):
        for (name,) in self.sql(
                "SELECT name FROM sqlite_master WHERE type = 'trigger'"):
            self.sql(f"DROP TRIGGER {name}")
        return self.sql(statement)

    def check(self, code, *words, env=None):
        """What check says, by the check's name."""
        out, said = self.expect(code, "check", "--json", *words, env=env)
        self.assertEqual(said, "")
        lines = [json.loads(line) for line in out.splitlines()]
        for line in lines:
            if line["level"].startswith("bad"):
                self.assertTrue(line["todo"] or line["text"], line)
        return {line["check"]: line for line in lines}

    def expect_line(self, found, check, level, text, todo=None):
        line = found[check]
        self.assertEqual(line["level"], level, line)
        self.assertIn(text, line["text"])
        if todo is not None:
            self.assertIn(todo, line["todo"] or "")

    # --- health -------------------------------------------------------------

    def test_a_healthy_outbox_has_only_ok_lines(self):
        sandbox = self.sandbox()
        self.expect(0, "enqueue", stdin=webhook("e1"))
        self.drain(sandbox)
        found = self.check(0, "--api-url", sandbox.url,
                           env={"INTERCOM_TOKEN": "any"})
        # whatever this machine has under its folder for temporary files
        own = {name for name in found
               if name not in ("file system", "wake-up")}
        self.assertEqual({found[name]["level"] for name in own}, {"ok"},
                         found)
        self.assertEqual(
            set(found), {"file", "mode", "file system", "wake-up", "journal",
                         "integrity", "counters", "wal", "relay", "names",
                         "proxy", "destination", "token", "clock",
                         "attributes"})
        self.expect_line(found, "token", "ok", "workspace subrelay sandbox")
        self.expect_line(found, "clock", "ok", "as Intercom's")

    def test_a_page_for_people_has_what_to_do_below_each(self):
        os.chmod(self.path("outbox.db"), 0o644)
        page, _ = self.expect(3, "check", "--offline")
        self.assertRegex(page, r"(?m)^ok +journal +wal$")
        self.assertRegex(
            page, r"(?m)^BAD +mode +0644: .*\n +-> chmod 600 outbox\.db$")

    # --- the file -----------------------------------------------------------

    def test_no_outbox(self):
        os.remove(self.path("outbox.db"))
        self.expect_line(self.check(3, "--offline"), "outbox",
                         "bad_environment", "subrelay -d outbox.db init")

    def test_no_database(self):
        self.write("outbox.db", "a text\n" * 100)
        os.chmod(self.path("outbox.db"), 0o600)
        self.expect_line(self.check(1, "--offline"), "outbox", "bad_data",
                         "not a SQLite database")

    def test_a_rollback_journal(self):
        self.sql("PRAGMA journal_mode = DELETE")
        self.expect_line(self.check(0, "--offline"), "journal", "note",
                         "delete", "init --wal")

    def test_a_log_that_nobody_can_empty(self):
        reader = sqlite3.connect(self.path("outbox.db"),
                                 isolation_level=None)
        self.addCleanup(reader.close)
        reader.execute("BEGIN")
        reader.execute("SELECT count(*) FROM outbox").fetchall()
        with sqlite3.connect(self.path("outbox.db")) as writer:
            writer.execute("CREATE TABLE big (x)")
            writer.execute("INSERT INTO big VALUES (zeroblob(70000000))")
        self.addCleanup(writer.close)
        self.expect_line(self.check(0, "--offline"), "wal", "note", "7",
                         "without an end")

    def test_damage_is_found(self):
        self.expect(0, "enqueue", stdin="\n".join(
            webhook(f"e{i}", note="x" * 2000) for i in range(200)))
        page = self.sql("SELECT rootpage FROM sqlite_master WHERE name = "
                        "'outbox'")[0][0]
        self.sql("PRAGMA wal_checkpoint(TRUNCATE)")
        with open(self.path("outbox.db"), "r+b") as file:
            file.seek((page - 1) * 4096 + 8)
            file.write(b"\xff" * 1000)
        self.expect_line(self.check(1, "--offline"), "integrity", "bad_data",
                         "", "backup")

    def test_deep_reads_indexes_too(self):
        self.expect_line(self.check(0, "--offline", "--deep"), "integrity",
                         "ok", "indexes compared")

    # --- counters and deliveries --------------------------------------------

    def test_wrong_counters_are_mended(self):
        self.expect(0, "enqueue", stdin=webhook("e1"))
        self.sql("UPDATE outbox_count SET count = 5 WHERE name = 'failed'")
        self.expect_line(self.check(0, "--offline"), "counters", "note",
                         "failed is 5, counted 0; counted anew")
        self.expect_line(self.check(0, "--offline"), "counters", "ok",
                         "1 events")

    def test_events_without_a_delivery_get_one(self):
        body = webhook("e1").replace("'", "''")
        self.sql_without_triggers(
            f"INSERT INTO outbox (payload) VALUES ('{body}')")
        self.expect_line(self.check(0, "--offline"), "deliveries", "note",
                         "1 events had no delivery", "triggers")
        self.assertEqual([row["state"] for row in self.rows()], ["pending"])

    def test_a_lane_without_a_head_gets_one(self):
        for number in range(3):
            self.expect(0, "enqueue", stdin=webhook(f"e{number}"))
        self.sql("UPDATE outbox_delivery SET due_ms = NULL")
        lost = self.sql("SELECT count(*) FROM outbox_delivery")[0][0]
        self.expect_line(self.check(0, "--offline"), "lanes", "note",
                         f"{lost} deliveries would have waited for ever",
                         "outbox_delivery")
        self.expect_line(self.check(0, "--offline"), "counters", "ok",
                         "3 events")

    def test_deliveries_without_an_event_are_told(self):
        self.expect(0, "enqueue", stdin=webhook("e1"))
        self.sql_without_triggers("DELETE FROM outbox")
        self.expect_line(self.check(1, "--offline"), "deliveries", "bad_data",
                         "1 deliveries have no event", "backup")

    # --- the relay ----------------------------------------------------------

    def test_what_waits_without_a_relay(self):
        self.expect(0, "enqueue", stdin=webhook("e1"))
        self.expect_line(self.check(0, "--offline"), "relay", "note",
                         "not running; 1 pending", "subrelay run")

    def test_pause_and_failures(self):
        self.expect(0, "pause", "lunch")
        self.expect(0, "enqueue", stdin=webhook("e1", purchased_at_ms="x",
                                                event_timestamp_ms="x"))
        found = self.check(0, "--offline")
        self.expect_line(found, "sending", "note", "lunch", "resume")
        self.expect(0, "resume")
        self.drain(self.sandbox(), code=1)
        self.expect_line(self.check(0, "--offline"), "failed", "note",
                         "1 failed", "status")

    def test_a_running_relay_that_is_held(self):
        sandbox = self.sandbox("--faults", "401:1")
        relay = subprocess.Popen(
            [PROGRAM, "run", "--api-url", sandbox.url], cwd=self.folder,
            stderr=subprocess.PIPE, text=True,
            env=environment(INTERCOM_TOKEN="any"))
        try:
            self.expect(0, "enqueue", stdin=webhook("e1"))
            wait_line(relay, "held")
            while not self.sql("SELECT 1 FROM outbox_destination "
                               "WHERE hold_reason IS NOT NULL"):
                pass  # it says so before it has committed it
            found = self.check(3, "--offline")
        finally:
            relay.terminate()
            relay.communicate(timeout=LIMIT_S)
        self.expect_line(found, "sending", "bad_environment", "held for",
                         "oken")
        self.expect_line(found, "relay", "ok", f"pid {relay.pid}; 1 pending")

    def test_the_clock_went_back(self):
        self.expect(0, "enqueue", stdin=webhook("e1"))
        self.sql("UPDATE outbox_delivery SET arrived_ms = arrived_ms + "
                 "86400000")
        self.expect_line(self.check(3, "--offline"), "clock",
                         "bad_environment", "before the newest event")

    def test_names_that_intercom_changes(self):
        self.expect(0, "names", "set", "renewal", "shop.renewed")
        self.expect_line(self.check(0, "--offline"), "names", "note",
                         'renewal: Intercom changes "shop.renewed"')

    # --- the way to Intercom ------------------------------------------------

    def test_no_token(self):
        self.expect_line(self.check(3), "token", "bad_environment",
                         "--token-file", "--offline")

    def test_a_refused_token(self):
        sandbox = self.sandbox("--faults", "401:1")
        found = self.check(3, "--api-url", sandbox.url,
                           env={"INTERCOM_TOKEN": "any"})
        self.expect_line(found, "token", "bad_environment", "401", "oken")
        self.assertNotIn("attributes", found)

    def test_nobody_answers(self):
        found = self.check(3, "--api-url", "http://127.0.0.1:1",
                           env={"INTERCOM_TOKEN": "any"})
        self.assertEqual(found["token"]["level"], "bad_environment")
        self.assertTrue(found["token"]["todo"])
        self.expect_line(found, "clock", "ok", "not compared")

    def test_attributes_that_are_not_there_yet(self):
        sandbox = self.sandbox("--attributes-missing")
        found = self.check(0, "--api-url", sandbox.url,
                           env={"INTERCOM_TOKEN": "any"})
        self.expect_line(found, "attributes", "note", "latest_store",
                         "creates them")
        self.assertEqual(sandbox.get("contacts"), [])

    def test_the_proxy_is_shown_without_its_password(self):
        found = self.check(
            3, "--api-url", "https://192.0.2.1", "--timeout", "100ms",
            env={"INTERCOM_TOKEN": "any",
                 "https_proxy": "http://ana:secret@127.0.0.1:1"})
        self.expect_line(found, "proxy", "ok", "127.0.0.1:1")
        self.assertNotIn("secret", str(found))

    def test_two_destinations_are_one_too_many(self):
        _, said = self.expect(2, "check", "--region", "eu", "--api-url",
                              "http://127.0.0.1:1")
        self.assertIn("two destinations", said)


if __name__ == "__main__":
    unittest.main()
