"""map: what each event would become, without a database."""

import json
import os
import pty
import select
import subprocess
import unittest

from harness import (DATA, LIMIT_S, PROGRAM, WEBHOOKS, Case, environment,
                     webhook)


class Map(Case):
    def test_the_published_payloads_come_out_key_for_key(self):
        published = os.path.join(DATA, "envelopes")
        sources = os.path.join(DATA, "webhooks_published")
        for name in sorted(os.listdir(sources)):
            out, _ = self.expect(0, "map", "--json",
                                 os.path.join(sources, name))
            with open(os.path.join(published, name),
                      encoding="utf-8") as file:
                expected = json.load(file)
            mapped = json.loads(out)
            for key in ("product_identifier", "app_id"):
                self.assertEqual(mapped[key], expected[key])
            for key in ("event_name", "created_at", "user_id"):
                self.assertEqual(mapped["event_payload"][key],
                                 expected["event_payload"][key])

    def test_json_is_one_line_an_event_in_the_order_of_the_input(self):
        text = "\n".join([
            webhook("e1"),
            webhook("e2", environment="SANDBOX"),
            "no json",
            webhook("e3", type="UNCANCELLATION"),
            webhook("e4", purchased_at_ms="soon"),
            webhook("e5", type="UNHEARD_OF"),
        ])
        out, said = self.expect(1, "map", "--json", stdin=text)
        lines = [json.loads(line) for line in out.splitlines()]
        self.assertEqual(len(lines), 6)
        self.assertEqual(lines[0]["event_payload"]["event_name"],
                         "rc_renewal_event")
        self.assertEqual(lines[1], {"skipped": "sandbox_event"})
        self.assertEqual(list(lines[2]), ["invalid"])
        self.assertNotIn("event_payload", lines[3])
        self.assertIn("user_payload", lines[3])
        self.assertIn("purchased_at_ms", lines[4]["invalid"])
        self.assertEqual(lines[5], {"skipped": "no_intercom_event"})
        self.assertIn("2 mapped, 2 skipped, 2 invalid", said)

    def test_skipped_is_no_failure_and_can_be_switched(self):
        sandbox = webhook("e1", environment="SANDBOX")
        anonymous = webhook("e2", app_user_id="$RCAnonymousID:" + "0" * 32)
        out, _ = self.expect(0, "map", "--json", stdin=sandbox)
        self.assertIn("skipped", out)
        out, _ = self.expect(0, "map", "--json", "--sandbox-events", "send",
                             stdin=sandbox)
        self.assertIn("event_payload", out)
        out, _ = self.expect(0, "map", "--json", stdin=anonymous)
        self.assertIn("event_payload", out)
        out, _ = self.expect(0, "map", "--json", "--anonymous-users", "skip",
                             stdin=anonymous)
        self.assertEqual(json.loads(out), {"skipped": "anonymous_user"})

    def test_what_came_is_printed_while_the_input_waits(self):
        """As with `tail -f events | subrelay map --json | jq`."""
        mapping = subprocess.Popen(
            [PROGRAM, "map", "--json"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            cwd=self.folder, env=environment())
        try:
            for name in ("e1", "e2"):
                mapping.stdin.write(webhook(name).encode() + b"\n")
                mapping.stdin.flush()
                ready, _, _ = select.select([mapping.stdout], [], [], LIMIT_S)
                self.assertTrue(ready)
                self.assertIn(b"rc_renewal_event", mapping.stdout.readline())
        finally:
            mapping.communicate(timeout=LIMIT_S)
        self.assertEqual(mapping.returncode, 0)

    def test_a_person_at_the_terminal_is_told_what_it_waits_for(self):
        for words in (("map",), ("enqueue",)):
            self.expect(0, "init")
            ours, theirs = pty.openpty()
            os.write(ours, b"\x04")  # Ctrl-D
            done = subprocess.run([PROGRAM, *words], stdin=theirs,
                                  capture_output=True, cwd=self.folder,
                                  env=environment(), timeout=LIMIT_S,
                                  check=False)
            os.close(ours)
            os.close(theirs)
            self.assertEqual(done.returncode, 0)
            self.assertIn(b"Ctrl-D ends", done.stderr)
        _, said = self.expect(0, "map")
        self.assertNotIn("Ctrl-D", said)

    def test_no_database_is_touched(self):
        self.expect(0, "map", os.path.join(WEBHOOKS, "renewal.json"))
        self.assertEqual(os.listdir(self.folder), [])

    def test_with_a_database_its_names_are_taken(self):
        self.expect(0, "init")
        self.sql("INSERT INTO outbox_name (kind, name) "
                 "VALUES ('renewal', 'Renewed')")
        for words, name in (((), "rc_renewal_event"),
                            (("-d", "outbox.db"), "Renewed")):
            out, _ = self.expect(0, "map", "--json", *words,
                                 stdin=webhook("e1"))
            self.assertEqual(json.loads(out)["event_payload"]["event_name"],
                             name)

    def test_what_a_person_sees_has_no_control_characters(self):
        out, _ = self.expect(0, "map", stdin=webhook(
            "e1", product_id="a\033[31mb", entitlement_ids=["\u202ex"]))
        self.assertIn("rc_renewal_event", out)
        self.assertNotIn("\033", out)
        self.assertNotIn("\u202e", out)


if __name__ == "__main__":
    unittest.main()
