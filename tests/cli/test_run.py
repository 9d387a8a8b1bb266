"""run and sandbox together: events arrive, signals end, exit codes tell."""

import json
import os
import signal
import subprocess
import time
import unittest

from harness import (LIMIT_S, PROGRAM, WEBHOOKS, Case, environment, wait_line,
                     webhook)

# What becomes of each sample, and the name that it arrives under.
SAMPLES = {
    "billing_issue": ("delivered", "rc_billing_issue_event"),
    "cancellation": ("delivered", "rc_cancellation_event"),
    "cancellation_refund": ("delivered", "rc_cancellation_event"),
    "expiration": ("delivered", "rc_expiration_event"),
    "granted_entitlement": ("delivered", "rc_non_subscription_purchase_event"),
    "initial_purchase": ("delivered", "rc_initial_purchase_event"),
    "non_subscription_purchase":
        ("delivered", "rc_non_subscription_purchase_event"),
    "product_change": ("delivered", "rc_product_change_event"),
    "renewal": ("delivered", "rc_renewal_event"),
    "sandbox_renewal": ("skipped", None),
    "subscription_extended": ("delivered", None),
    "subscription_paused": ("delivered", None),
    "transfer": ("skipped", None),
    "trial_cancelled": ("delivered", "rc_trial_cancelled_event"),
    "trial_converted": ("delivered", "rc_trial_converted_event"),
    "trial_started": ("delivered", "rc_trial_started_event"),
    "uncancellation": ("delivered", None),
    "unknown_type": ("skipped", None),
}


def has_open(process, path):
    """Whether it has the file open just now."""
    folder = f"/proc/{process.pid}/fd"
    for name in os.listdir(folder):
        try:
            if os.readlink(f"{folder}/{name}") == os.path.realpath(path):
                return True
        except FileNotFoundError:
            pass  # closed since
    return False


class Run(Case):
    def setUp(self):
        super().setUp()
        self.expect(0, "init")

    def relay(self, sandbox, *options):
        """A relay in the background, already at work."""
        process = subprocess.Popen(
            [PROGRAM, "run", "--api-url", sandbox.url, *options],
            cwd=self.folder, env=environment(INTERCOM_TOKEN="any"), text=True,
            stderr=subprocess.PIPE)
        self.addCleanup(process.stderr.close)
        self.addCleanup(process.wait)
        self.addCleanup(process.kill)
        wait_line(process, "relaying")
        return process

    def test_every_sample_ends_as_the_facts_say(self):
        self.assertEqual({name[:-len(".json")] for name in os.listdir(WEBHOOKS)
                          if name.endswith(".json")}, set(SAMPLES))
        names = {}
        for name in SAMPLES:
            path = os.path.join(WEBHOOKS, name + ".json")
            with open(path, encoding="utf-8") as file:
                names[json.load(file)["event"]["id"]] = name
            self.expect(0, "enqueue", path)
        sandbox = self.sandbox()
        self.drain(sandbox)
        states = {names[row["event_id"]]: row["state"] for row in self.rows()}
        self.assertEqual(states, {k: v[0] for k, v in SAMPLES.items()})
        arrived = sorted(event["event_name"]
                         for event in sandbox.get("events"))
        self.assertEqual(arrived, sorted(v[1] for v in SAMPLES.values()
                                         if v[1] is not None))

    def test_nothing_to_do_is_done(self):
        _, said = self.drain(self.sandbox())
        self.assertIn("0 delivered", said)

    def test_a_failure_makes_a_drain_end_with_1_and_says_how_many(self):
        self.expect(0, "enqueue",
                    stdin=webhook("e1") + webhook("e2", type="EXPIRATION"))
        sandbox = self.sandbox("--faults", "reject=rc_renewal_event")
        _, said = self.drain(sandbox, code=1)
        self.assertIn("1 failed, 0 left", said)
        self.drain(sandbox)

    def test_what_is_due_later_is_left_and_told(self):
        self.expect(0, "enqueue", stdin=webhook("e1"))
        sandbox = self.sandbox("--faults", "503:1")
        _, said = self.drain(sandbox, "--drain-wait", "0", code=1)
        self.assertIn("0 failed, 1 left", said)

    def test_a_refused_token_holds_and_fails_nothing(self):
        self.expect(0, "enqueue", stdin=webhook("e1"))
        os.chmod(self.write("token", "right\n"), 0o600)
        sandbox = self.sandbox("--token-file", "token")
        _, said = self.drain(sandbox, "--drain-wait", "1s", code=3)
        self.assertIn("held or paused with 1 left", said)
        self.assertEqual(self.rows()[0]["state"], "pending")
        page, _ = self.expect(0, "status")
        self.assertIn("HELD since", page)
        self.drain(sandbox, "--token-file", "token")
        self.assertEqual(self.rows()[0]["state"], "delivered")
        self.assertNotIn("HELD", self.expect(0, "status")[0])

    def test_the_token_comes_from_a_systemd_credential_too(self):
        os.chmod(self.write("intercom-token", "right\n"), 0o600)
        sandbox = self.sandbox("--token-file", "intercom-token")
        self.expect(0, "enqueue", stdin=webhook("e1"))
        self.expect(0, "run", "--drain", "--api-url", sandbox.url,
                    env={"CREDENTIALS_DIRECTORY": self.folder})

    def test_signals_end_it_in_good_order(self):
        sandbox = self.sandbox()
        for how in (signal.SIGTERM, signal.SIGINT):
            process = self.relay(sandbox)
            process.send_signal(signal.SIGHUP)
            wait_line(process, "SIGHUP")
            page, _ = self.expect(0, "status")
            self.assertIn(f"pid {process.pid} ", page)
            process.send_signal(how)
            self.assertEqual(process.wait(LIMIT_S), 0)
            self.assertIn("ended", process.stderr.read())
            self.assertIn("not running", self.expect(0, "status")[0])

    def start_early(self, words, **more):
        """A process that has not come far yet."""
        process = subprocess.Popen(
            [PROGRAM, *words], cwd=self.folder, text=True,
            env=environment(INTERCOM_TOKEN="any"), stdout=subprocess.PIPE,
            stderr=subprocess.PIPE, **more)
        self.addCleanup(process.communicate)
        self.addCleanup(process.kill)
        return process

    def assert_ends_early(self, process):
        """In good order, and with nothing begun."""
        _, said = process.communicate(timeout=LIMIT_S)
        self.assertEqual(process.returncode, 0, said)
        self.assertNotIn("relaying", said)
        self.assertNotIn("receiver", said)
        self.assertIn("no relay has run", self.expect(0, "status")[0])

    def test_a_signal_while_it_reads_its_files(self):
        for words in (("run", "--api-url", "http://127.0.0.1:9",
                       "--listen", "127.0.0.1:0",
                       "--webhook-auth-file", "secret"),
                      ("sandbox", "--listen", "127.0.0.1:0", "--token-file",
                       "secret")):
            os.mkfifo(self.path("secret"), 0o600)
            with open(self.path("secret"), "r+b", buffering=0) as pipe:
                process = self.start_early(words)
                while not has_open(process, self.path("secret")):
                    self.assertIsNone(process.poll())
                process.terminate()
                pipe.write(b"of-the-tests\n")
            self.assert_ends_early(process)
            os.unlink(self.path("secret"))

    def test_a_signal_while_a_pipe_stays_silent(self):
        """It waits for a secret that never comes, but not for ever."""
        relay = ("run", "--api-url", "http://127.0.0.1:9")
        os.mkfifo(self.path("secret"), 0o600)
        for words in ((*relay, "--listen", "127.0.0.1:0",
                       "--webhook-auth-file", "secret"),
                      (*relay, "--token-file", "secret"),
                      ("sandbox", "--listen", "127.0.0.1:0", "--token-file",
                       "secret")):
            for number in (signal.SIGTERM, signal.SIGINT):
                with open(self.path("secret"), "r+b", buffering=0):
                    process = self.start_early(words)
                    while not has_open(process, self.path("secret")):
                        self.assertIsNone(process.poll())
                    process.send_signal(number)
                    _, said = process.communicate(timeout=LIMIT_S)
                self.assertEqual(process.returncode, 3, said)
                self.assertIn("secret: nothing came", said)

    def test_a_signal_from_before_it_began(self):
        """Blocked by who starts it, a signal waits for it, however long the
        start takes."""
        relay = ("run", "--api-url", "http://127.0.0.1:9")
        for words in (relay, (*relay, "--drain"),
                      (*relay, "--standby", "--listen", "127.0.0.1:0",
                       "--no-webhook-auth"),
                      ("sandbox", "--listen", "127.0.0.1:0")):
            for how in (signal.SIGTERM, signal.SIGINT):
                with self.subTest(words=words, how=how):
                    process = self.start_early(
                        words, preexec_fn=lambda: signal.pthread_sigmask(
                            signal.SIG_BLOCK, {signal.SIGTERM, signal.SIGINT}))
                    process.send_signal(how)
                    self.assert_ends_early(process)

    def test_the_grace_ends_what_takes_too_long(self):
        # The answer would come in ten minutes.
        for options, signals in ((("--grace", "0", "--timeout", "10m"), 1),
                                 (("--grace", "1h", "--timeout", "10m"), 2)):
            sandbox = self.sandbox("--latency", "600000")
            self.expect(0, "enqueue", stdin=webhook(
                f"e{signals}", app_user_id=f"user-{signals}"))
            process = self.relay(sandbox, *options)
            while sandbox.get("stats")["calls"] == 0:
                pass
            for _ in range(signals):
                process.send_signal(signal.SIGTERM)
                wait_line(process, "SIGTERM")
            self.assertEqual(process.wait(LIMIT_S), 0)
            self.assertNotEqual(self.rows()[-1]["state"], "delivered")

    def test_an_event_is_sent_while_the_relay_runs(self):
        sandbox = self.sandbox()
        process = self.relay(sandbox)
        self.expect(0, "enqueue", stdin=webhook("e1"))
        while not sandbox.get("events"):
            pass
        process.terminate()
        self.assertEqual(process.wait(LIMIT_S), 0)
        self.assertEqual(self.rows()[0]["state"], "delivered")

    def test_what_works_in_the_background_lets_others_finish(self):
        relay = self.relay(self.sandbox())
        until = time.monotonic() + LIMIT_S
        policies = []
        while policies.count(os.SCHED_BATCH) < 3 and time.monotonic() < until:
            policies = [os.sched_getscheduler(int(thread))
                        for thread in os.listdir(f"/proc/{relay.pid}/task")]
        relay.terminate()
        # the outbox's thread and two of libcurl; not who hears signals
        self.assertEqual(policies.count(os.SCHED_BATCH), 3)
        self.assertIn(os.SCHED_OTHER, policies)

    def test_the_token_is_nowhere(self):
        token = "a-token-that-must-not-appear"
        self.expect(0, "enqueue", stdin=webhook("e1"))
        sandbox = self.sandbox()
        _, said = self.expect(0, "run", "--drain", "--api-url", sandbox.url,
                              env={"INTERCOM_TOKEN": token})
        self.assertNotIn(token, said)
        for name in os.listdir(self.folder):
            with open(self.path(name), "rb") as file:
                self.assertNotIn(token.encode(), file.read(), name)

    def test_the_sandbox_says_where_it_listens_and_what_came(self):
        sandbox = self.sandbox()
        self.assertRegex(sandbox.url, r"^http://127\.0\.0\.1:[1-9]\d*$")
        self.expect(0, "enqueue", stdin=webhook("e1"))
        self.drain(sandbox)
        code, rest = sandbox.stop(signal.SIGINT)
        self.assertEqual(code, 0)
        # The contact, the event, and the relay's look at the attributes.
        self.assertEqual(rest, "3 calls, 1 contacts, 1 events, 0 duplicates, "
                               "0 rate limited, 0 refused\n")


if __name__ == "__main__":
    unittest.main()
