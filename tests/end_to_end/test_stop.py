"""Ending a relay by signals, and two relays on one file."""

import os
import signal
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
            self.rows("SELECT DISTINCT outcome FROM outbox_attempt"),
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


if __name__ == "__main__":
    support.main()
