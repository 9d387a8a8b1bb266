"""kill -9, again and again: nothing lost, nothing doubled after Intercom's
dedupe, and every attempt on the disk before its first byte leaves."""

import json
import re
import sqlite3
import time

import load
import support
import webhooks
import witness

# What a killed relay may have on its way is waited out for so long.
TIMEOUT_MS = 400
TIMEOUT = ("--timeout", f"{TIMEOUT_MS}ms")


class Kill(support.EndToEnd):
    def kill_at_random(self, relay, sandbox):
        """Let it deliver some more, then kill it in the middle."""
        before = sandbox.stats()["events"]
        more = self.random.randrange(1, support.scaled(150))
        support.wait_until(
            lambda: sandbox.stats()["events"] >= before + more
            or self.open_deliveries() == 0,
            f"{more} more events have arrived", step_s=.001)
        relay.kill()

    def test_of_the_relay(self):
        sandbox = self.start_sandbox("--latency", "2")
        self.init()
        made = load.make(self, support.scaled(2500), support.scaled(200))
        self.enqueue(*made)
        for _ in range(8):
            relay = self.start_relay(sandbox.url, *TIMEOUT)
            self.kill_at_random(relay, sandbox)
        left = self.open_deliveries()
        self.assertGreater(left, 0, "all was delivered before the last kill")
        self.drain(sandbox.url, *TIMEOUT)
        load.check_all(self, sandbox, made)
        self.assertEqual(sandbox.stats()["parallel_same_user"], 0)
        self.check_attempts(sandbox)

    def test_of_the_relay_before_a_bad_intercom(self):
        """Kills and stops while producers write and Intercom fails."""
        sandbox = self.start_sandbox(
            "--latency", "2", "--seed", "11", "--faults",
            "503:0.01,404@events:0.01,409@contacts:0.01,410@contacts:0.01,"
            "reset:0.01,reset-after:0.03,truncate:0.01,timeout:0.01")
        self.init()
        made = load.make(self, support.scaled(400), support.scaled(150))
        producers = load.Producers(self, made)
        producers.start()
        for _ in range(4):
            relay = self.start_relay(sandbox.url, *TIMEOUT)
            self.kill_at_random(relay, sandbox)
        producers.join()
        self.drain(sandbox.url, *TIMEOUT)
        load.check_all(self, sandbox, made)
        self.assertEqual(sandbox.stats()["parallel_same_user"], 0)

    def check_attempts(self, sandbox):
        """Each event at Intercom has an attempt with its very bytes, and what
        the dead relays left is recorded as unknown."""
        bodies = set()
        for (body,) in self.rows("SELECT event_body FROM outbox_attempt "
                                 "WHERE event_body > ''"):
            bodies.add(json.dumps(json.loads(body), sort_keys=True))
        for event in sandbox.events():
            body = {"event_name": event["event_name"],
                    "user_id": event["user"],
                    "created_at": event["created_at"],
                    "metadata": event["metadata"]}
            self.assertIn(json.dumps(body, sort_keys=True), bodies)
        outcomes = dict(self.rows("SELECT outcome, count(*) FROM "
                                  "outbox_attempt_outcome GROUP BY outcome"))
        self.assertEqual(set(outcomes), {"delivered", "unknown"})
        self.assertEqual(self.rows("PRAGMA integrity_check"), [("ok",)])
        soonest = self.rows(
            "SELECT min(b.started_ms - a.started_ms) FROM outbox_attempt a "
            "JOIN outbox_attempt b ON b.delivery_id = a.delivery_id "
            "AND b.number = a.number + 1 WHERE a.outcome = 'unknown'")[0][0]
        self.assertGreaterEqual(soonest, TIMEOUT_MS)

    def test_a_rename_after_a_kill_doubles_nothing(self):
        """What may be at Intercom already goes again under its old name."""
        sandbox = self.start_sandbox("--latency", "30")
        self.init()
        factory = webhooks.Factory(self.random)
        made = [factory.renewal(user)
                for user in factory.users(support.scaled(600))]
        self.enqueue(*made)
        for number in range(4):
            self.rename("renewal", f"renewed-{number}")
            relay = self.start_relay(sandbox.url, *TIMEOUT)
            self.kill_at_random(relay, sandbox)
        self.rename("renewal", "renewed-at-last")
        self.drain(sandbox.url, *TIMEOUT)
        # One event a user: a second one would be under another name.
        users = [event["user"] for event in sandbox.events()]
        self.assertEqual(sorted(users), sorted(
            webhook["event"]["app_user_id"] for webhook in made))
        self.assertGreater(sandbox.stats()["duplicates"], 0)
        self.assertGreater(len(sandbox.stats()["events_by_name"]), 2)

    def rename(self, kind, name):
        connection = sqlite3.connect(self.database, timeout=20)
        connection.execute("INSERT OR REPLACE INTO outbox_name (kind, name) "
                           "VALUES (?, ?)", (kind, name))
        connection.commit()
        connection.close()

    def test_an_attempt_is_on_the_disk_before_its_first_byte(self):
        """A witness between the relay and Intercom looks into the outbox at
        every call, before it passes it on; kills in between."""
        sandbox = self.start_sandbox()
        self.init()
        factory = webhooks.Factory(self.random)
        users = factory.users(40)
        made = [factory.webhook(self.random.choice(users))
                for _ in range(support.scaled(300))]
        self.enqueue(*made)
        with witness.Witness(sandbox.url, self.database) as between:
            for _ in range(3):
                relay = self.start_relay(between.url, "--timeout", "2s")
                self.kill_at_random(relay, sandbox)
            self.drain(between.url, "--timeout", "2s")
        self.assertEqual(between.wrong[:3], [])
        workspace = load.check_all(self, sandbox, made)
        self.assertGreaterEqual(between.events, workspace.data_events())

    def test_of_enqueue(self):
        """What was committed stays and is delivered; the rest can be enqueued
        again, from the same file."""
        sandbox = self.start_sandbox()
        self.init()
        made = load.make(self, support.scaled(8000), support.scaled(50))
        path = self.write("all.jsonl", "".join(
            json.dumps(webhook) + "\n" for webhook in made))
        killed = 0
        for _ in range(6):
            killed += self.kill_enqueue(path)
        committed = self.rows("SELECT event_id FROM outbox ORDER BY id")
        self.assertEqual(
            [row[0] for row in committed],
            [webhook["event"]["id"] for webhook in made[:len(committed)]])
        self.assertEqual(self.rows("PRAGMA integrity_check"), [("ok",)])
        self.assertGreater(killed, 0, "it was never killed in time")
        answer = self.cli("enqueue", path)
        new, duplicate, refused = map(int, re.match(
            r"(\d+) enqueued, (\d+) duplicate, (\d+) refused",
            answer.out).groups())
        self.assertEqual((new + duplicate, refused), (len(made), 0))
        self.assertEqual(duplicate, len(committed))
        self.drain(sandbox.url)
        load.check_all(self, sandbox, made)

    def kill_enqueue(self, path):
        """Kill it some milliseconds after it began; 1 if it was at work."""
        enqueue = self.watch(support.Daemon(
            f"enqueue-{len(self.daemons)}",
            ["-d", self.database, "enqueue", path], self.folder))
        moment = time.monotonic() + self.random.uniform(.005, .15)
        support.wait_until(
            lambda: time.monotonic() >= moment or not enqueue.is_running(),
            "the moment to kill", step_s=.001)
        was_running = enqueue.is_running()
        enqueue.kill()
        return was_running


if __name__ == "__main__":
    support.main()
