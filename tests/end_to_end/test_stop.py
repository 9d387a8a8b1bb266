"""Ending a relay by signals, and two relays on one file: refused, standing by,
or halted in the middle."""

import os
import signal
import sqlite3
import time

import load
import support
import webhooks


class Stop(support.EndToEnd):
    def setUp(self):
        super().setUp()
        self.init()
        self.factory = webhooks.Factory(self.random)

    def enqueue_renewals(self, count):
        made = [self.factory.renewal(user)
                for user in self.factory.users(count)]
        self.enqueue(*made)
        return made

    def test_in_the_middle_and_on_again(self):
        """SIGTERM or SIGINT: exit 0 within the grace, nothing unknown, and
        the next relay delivers the rest."""
        sandbox = self.start_sandbox("--latency", "20")
        made = self.enqueue_renewals(support.scaled(700))
        for number in (signal.SIGTERM, signal.SIGINT):
            relay = self.start_relay(sandbox.url, "--connections", "4")
            before = sandbox.stats()["events"]
            support.wait_until(
                lambda: sandbox.stats()["events"] > before + 10, "some more")
            began = time.monotonic()
            self.assertEqual(relay.stop(number), 0)
            self.assertLess(time.monotonic() - began, 10)
            self.assertNotIn("sending", self.counts())
        left = self.open_deliveries()
        self.assertGreater(left, 0, "all was delivered before the signal")
        self.drain(sandbox.url)
        load.check_all(self, sandbox, made)
        self.assertEqual(sandbox.stats()["duplicates"], 0)
        self.assertEqual(
            self.rows("SELECT DISTINCT outcome FROM outbox_attempt_outcome"),
            [("delivered",)])

    def test_it_waits_for_what_is_under_way(self):
        """Within the grace an answer still counts."""
        sandbox = self.start_sandbox("--latency", "1500")
        self.enqueue_renewals(3)
        relay = self.start_relay(sandbox.url, "--grace", "20s")
        support.wait_until(lambda: self.counts().get("sending") == 3,
                           "three are being sent")
        self.assertEqual(relay.stop(), 0)
        self.assertEqual(self.counts(), {"delivered": 3})

    def test_the_grace_is_a_limit(self):
        """What does not answer in time is cut and recorded as unknown; the
        next relay sends it again."""
        sandbox = self.start_sandbox("--faults", "timeout@events:1")
        made = self.enqueue_renewals(3)
        relay = self.start_relay(sandbox.url, "--grace", "1s",
                                 "--timeout", "2s")
        support.wait_until(lambda: len(sandbox.contacts()) == 3,
                           "the contacts are there")
        began = time.monotonic()
        self.assertEqual(relay.stop(), 0)
        self.assertLess(time.monotonic() - began, 5)
        sandbox.change("faults")
        self.drain(sandbox.url, "--timeout", "2s")
        load.check_all(self, sandbox, made)
        first = self.rows("SELECT outcome FROM outbox_attempt "
                          "WHERE number = 1")
        self.assertEqual(first, [("unknown",)] * 3)

    def test_a_second_signal_ends_it_at_once(self):
        sandbox = self.start_sandbox("--faults", "timeout:1")
        made = self.enqueue_renewals(3)
        relay = self.start_relay(sandbox.url, "--grace", "60s",
                                 "--timeout", "3s")
        support.wait_until(lambda: self.counts().get("sending") == 3,
                           "three are being sent")
        relay.send(signal.SIGTERM)
        relay.wait_for(relay.err, "SIGTERM")
        self.assertTrue(relay.is_running())
        began = time.monotonic()
        self.assertEqual(relay.stop(), 0)
        self.assertLess(time.monotonic() - began, 2.5)
        sandbox.change("faults")
        self.drain(sandbox.url, "--timeout", "300ms")
        load.check_all(self, sandbox, made)

    def test_an_idle_relay_stops_at_once_and_wakes_at_once(self):
        sandbox = self.start_sandbox()
        relay = self.start_relay(sandbox.url)
        made = self.enqueue_renewals(1)
        # Without a wake-up it would look after 30 s.
        support.wait_until(lambda: self.counts() == {"delivered": 1},
                           "the event is delivered", seconds=10)
        load.check_all(self, sandbox, made)
        began = time.monotonic()
        self.assertEqual(relay.stop(), 0)
        self.assertLess(time.monotonic() - began, 3)


class TwoRelays(support.EndToEnd):
    def setUp(self):
        super().setUp()
        self.init()
        self.sandbox = self.start_sandbox()
        self.relay = self.start_relay(self.sandbox.url)

    def test_the_second_is_refused_and_told_who_is_there(self):
        answer = self.drain(self.sandbox.url, code=3)
        self.assertSays(answer.err, "another relay is running",
                        f"pid {self.relay.pid}", "since 20")
        self.assertTrue(self.relay.is_running())

    def test_a_link_to_the_file_is_the_same_file(self):
        link = self.path("link.db")
        os.symlink(self.database, link)
        answer = self.cli("run", "--api-url", self.sandbox.url, code=3,
                          database=link,
                          env=support.environment(INTERCOM_TOKEN="x"))
        self.assertSays(answer.err, f"pid {self.relay.pid}")

    def test_its_place_is_free_when_it_is_gone(self):
        self.relay.kill()
        self.drain(self.sandbox.url)

    def test_the_rest_works_beside_it(self):
        self.cli("status")
        self.cli("list")
        self.init()
        shown = self.cli("status", "--json").json()["relay"]
        self.assertEqual((shown["is_running"], shown["pid"]),
                         (True, self.relay.pid))


class Standby(support.EndToEnd):
    """--standby: wait while another relay runs, then take over."""

    def setUp(self):
        super().setUp()
        self.init()
        self.factory = webhooks.Factory(self.random)
        self.sandbox = self.start_sandbox()

    def start_two(self):
        first = self.start_relay(self.sandbox.url)
        second = self.start_relay(self.sandbox.url, "--standby", ready=False)
        second.wait_for(second.err, "standing by")
        self.assertIn(f"pid {first.pid}", second.err())
        self.assertTrue(second.is_running())
        return first, second

    def holder(self):
        return self.cli("status", "--json").json()["relay"]["pid"]

    def assert_takes_over(self, second, began):
        support.wait_until(lambda: self.holder() == second.pid,
                           "the second one has taken over", step_s=0.01)
        took = time.monotonic() - began
        # A third of a second at most between two tries; the rest is for a
        # machine that is busy with something else.
        self.assertLess(took, 1 + support.PATIENCE_S / 12)
        made = [self.factory.renewal(user) for user in self.factory.users(3)]
        self.enqueue(*made)
        self.wait_until_settled()
        load.check_all(self, self.sandbox, made)

    def test_when_the_first_ends(self):
        first, second = self.start_two()
        began = time.monotonic()
        self.assertEqual(first.stop(), 0)
        self.assert_takes_over(second, began)

    def test_when_the_first_is_killed(self):
        first, second = self.start_two()
        began = time.monotonic()
        first.kill()
        self.assert_takes_over(second, began)

    def test_a_signal_ends_the_waiting(self):
        first, second = self.start_two()
        self.assertEqual(second.stop(), 0)
        self.assertTrue(first.is_running())

    def halt(self, relay):
        """Not while it writes: nobody else could then."""
        while True:
            relay.send(signal.SIGSTOP)
            database = sqlite3.connect(self.database, timeout=0.5)
            try:
                database.execute("BEGIN IMMEDIATE")
                return
            except sqlite3.OperationalError:
                relay.send(signal.SIGCONT)
            finally:
                database.close()

    def test_one_that_was_halted_gives_way(self):
        """Halted, its lock file removed, another one begins: woken up, the
        first one ends, and has changed nothing."""
        self.sandbox.change("latency", "2000")
        made = [self.factory.renewal(user) for user in self.factory.users(4)]
        first = self.start_relay(self.sandbox.url, "--timeout", "5s")
        self.enqueue(*made)
        support.wait_until(lambda: self.counts().get("sending"),
                           "some are being sent")
        self.halt(first)
        os.unlink(self.database + ".lock")
        second = self.start_relay(self.sandbox.url, "--timeout", "5s")
        support.wait_until(lambda: self.holder() == second.pid,
                           "the second one works")
        first.send(signal.SIGCONT)
        self.assertEqual(first.wait(), 3)
        self.assertSays(first.err(), "a newer relay has taken over")
        self.wait_until_settled()
        load.check_all(self, self.sandbox, made)


if __name__ == "__main__":
    support.main()
