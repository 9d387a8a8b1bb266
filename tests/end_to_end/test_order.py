"""Order and once: thousands of events of hundreds of users, from producers of
every sort at once, while the relay runs; with a faultless Intercom and with a
bad one. What arrives is compared with an independent computation."""

import signal

import load
import support
import webhooks


class Order(support.EndToEnd):
    def deliver(self, sandbox, made, *arguments):
        """Enqueue all while the relay runs, until all is settled."""
        relay = self.start_relay(sandbox.url, *arguments)
        producers = load.Producers(self, made)
        producers.start()
        producers.join()
        self.wait_until_settled()
        self.assertEqual(relay.stop(), 0)
        self.assertEqual(
            self.rows("SELECT count(*) FROM subscription")[0][0],
            producers.committed)

    def test_a_faultless_intercom(self):
        sandbox = self.start_sandbox("--latency", "2")
        self.init()
        made = load.make(self, support.scaled(3000), support.scaled(200),
                         with_invalid=True)
        self.deliver(sandbox, made)
        workspace = load.check_all(self, sandbox, made)
        stats = sandbox.stats()
        self.assertEqual(stats["duplicates"], 0)
        self.assertEqual(stats["parallel_same_user"], 0)
        # One relay, no fault: not one call more than needed.
        self.assertEqual(sandbox.calls(), workspace.calls)
        self.check_records(workspace)

    def check_records(self, workspace):
        """The outbox's own records agree with the world."""
        recorded = self.rows("SELECT count(*) FROM outbox_call_made")[0][0]
        self.assertEqual(recorded, workspace.calls)
        delivered = self.counts()["delivered"]
        self.assertEqual(self.rows("SELECT count(*) FROM outbox_attempt"),
                         [(delivered,)])
        shown = self.cli("status", "--json").json()
        for state, count in self.counts().items():
            self.assertEqual(shown[state], count)

    def test_a_bad_intercom(self):
        sandbox = self.start_sandbox(
            "--latency", "2", "--seed", "7", "--faults",
            "503:0.02,500:0.01,html:0.01,408:0.01,reset:0.02,"
            "reset-after:0.03,truncate:0.01,timeout:0.01")
        self.init()
        made = load.make(self, support.scaled(900), support.scaled(150))
        self.deliver(sandbox, made, "--timeout", "700ms")
        load.check_all(self, sandbox, made)
        stats = sandbox.stats()
        self.assertEqual(stats["parallel_same_user"], 0)
        # reset-after and truncate have done their work: the repeats of these
        # are what Intercom merged.
        self.assertGreater(stats["duplicates"], 0)
        self.check_unknown_outcomes()

    def check_unknown_outcomes(self):
        """An attempt whose end is unknown is followed by one with the same
        event, to the byte."""
        differing = self.rows(
            "SELECT count(*) FROM outbox_attempt a JOIN outbox_attempt b "
            "ON b.delivery_id = a.delivery_id AND b.number = a.number + 1 "
            "WHERE a.event_body <> b.event_body")
        self.assertEqual(differing, [(0,)])
        unknown = self.rows("SELECT count(*) FROM outbox_attempt "
                            "WHERE outcome = 'unknown'")[0][0]
        self.assertGreater(unknown, 0)

    def test_a_small_quota_that_shrinks(self):
        """Beyond the quota nothing fails and nothing costs a try."""
        sandbox = self.start_sandbox("--quota", "150", "--latency", "2")
        self.init()
        factory = webhooks.Factory(self.random)
        made = [factory.renewal(user) for user in factory.users(110)]
        self.enqueue(*made[:60])
        relay = self.start_relay(sandbox.url)
        support.wait_until(lambda: sandbox.stats()["events"] > 0, "an event")
        sandbox.change("quota", "100")  # the relay has read another figure
        self.enqueue(*made[60:])
        self.wait_until_settled()
        self.assertEqual(relay.stop(signal.SIGINT), 0)
        load.check_all(self, sandbox, made)
        self.assertEqual(
            self.rows("SELECT max(tries) FROM outbox_delivery"), [(0,)])


if __name__ == "__main__":
    support.main()
