"""A failure costs only what it is about: a bad event fails alone, a bad token
stops the sending and fails nothing, an outage waits."""

import os
import signal

import load
import support
import webhooks


class Failures(support.EndToEnd):
    def setUp(self):
        super().setUp()
        self.init()
        self.factory = webhooks.Factory(self.random)

    def names(self, sandbox):
        return [event["event_name"] for event in sandbox.events()]

    def check_delivered(self, sandbox, *events):
        """These have arrived, in this order of each user."""
        workspace = load.workspace_of(events)
        load.check_events(self, workspace, sandbox.events())


class BadEvents(Failures):
    """What is about one event only."""

    def test_a_name_that_intercom_rejects(self):
        sandbox = self.start_sandbox("--faults",
                                     "reject=rc_cancellation_event")
        renewal = self.factory.renewal("user-1")
        cancelled = self.factory.renewal("user-1", type="CANCELLATION")
        later = self.factory.renewal("user-1")
        other = self.factory.renewal("user-2")
        self.enqueue(renewal, cancelled, later, other)
        answer = self.drain(sandbox.url, code=1)
        self.assertSays(answer.err, "1 failed")
        self.assertEqual(self.delivery(cancelled["event"]["id"]),
                         ("failed", "name_archived"))
        self.check_delivered(sandbox, renewal, later, other)
        shown = self.cli("show", "--json", "2").json()
        self.assertSays(shown["result"], "422", "archived")
        self.assertTrue(shown["next_step"])
        self.assertEqual(shown["attempts"], 1)
        # Nothing failed in the next run, and nothing is left.
        self.drain(sandbox.url)

    def test_an_event_that_cannot_be_mapped(self):
        sandbox = self.start_sandbox()
        bad = self.factory.renewal("user-1")
        bad["event"]["purchased_at_ms"] = "yesterday"
        missing = self.factory.renewal("user-1")
        missing["event"]["purchased_at_ms"] = None
        good = self.factory.renewal("user-1")
        self.enqueue(bad, missing, good)
        self.drain(sandbox.url, code=1)
        for webhook in (bad, missing):
            self.assertEqual(self.delivery(webhook["event"]["id"]),
                             ("failed", "invalid_event"))
        self.check_delivered(sandbox, good)
        shown = self.cli("show", "--json", "1").json()
        self.assertSays(shown["result"], "purchased_at_ms")
        self.assertEqual(shown["attempts"], 0)

    def test_a_contact_deleted_for_good(self):
        sandbox = self.start_sandbox("--faults", "deleted=user-1")
        lost = self.factory.renewal("user-1")
        good = self.factory.renewal("user-2")
        self.enqueue(lost, good)
        self.drain(sandbox.url, code=1)
        self.assertEqual(self.delivery(lost["event"]["id"]),
                         ("failed", "contact_deleted"))
        self.check_delivered(sandbox, good)

    def test_an_archived_contact_comes_back(self):
        sandbox = self.start_sandbox("--faults", "archived=user-1")
        made = [self.factory.renewal("user-1") for _ in range(2)]
        self.enqueue(*made)
        self.drain(sandbox.url)
        load.check_all(self, sandbox, made)
        self.assertEqual(sandbox.contacts()["user-1"]["state"], "active")

    def test_a_contact_that_changes_under_us(self):
        """Archived, deleted, or merged between two events of its user."""
        sandbox = self.start_sandbox()
        users = ("user-1", "user-2", "user-3")
        relay = self.start_relay(sandbox.url)
        first = [self.factory.renewal(user) for user in users]
        self.enqueue(*first, self.factory.renewal("user-4"))
        self.wait_until_settled()
        sandbox.change_contact("user-1", "archive")
        sandbox.change_contact("user-2", "delete")
        sandbox.change_contact("user-3", "merge", "user-4")
        second = [self.factory.renewal(user) for user in users]
        self.enqueue(*second)
        self.wait_until_settled()
        self.assertEqual(relay.stop(), 0)
        states = [self.delivery(webhook["event"]["id"])
                  for webhook in second]
        self.assertEqual(states, [("delivered", None),
                                  ("failed", "contact_deleted"),
                                  ("delivered", None)])
        self.assertEqual(sandbox.stats()["events"], 6)

    def test_a_contact_that_is_there_already(self):
        """Another client made it: 409, then an update."""
        sandbox = self.start_sandbox()
        made = [self.factory.renewal("user-1")]
        self.enqueue(*made)
        self.drain(sandbox.url)
        another = self.factory.renewal("user-1")
        ours, self.database = self.database, self.path("another.db")
        self.init()
        self.enqueue(another)
        self.drain(sandbox.url)
        self.database = ours
        self.check_delivered(sandbox, *made, another)
        self.assertEqual(sandbox.stats()["calls"]["POST /contacts"]["409"], 1)


class Workspace(Failures):
    """What is about the workspace: held, mended, or waited out."""

    def test_attributes_that_do_not_exist_are_created_once(self):
        sandbox = self.start_sandbox("--attributes-missing", "--latency", "5")
        made = load.make(self, 120, 40)
        self.enqueue(*made)
        self.drain(sandbox.url)
        load.check_all(self, sandbox, made)
        created = sandbox.stats()["calls"]["POST /data_attributes"]
        self.assertEqual(created, {"200": 4})

    def test_an_outage_waits(self):
        sandbox = self.start_sandbox("--faults", "down=3")
        made = load.make(self, 200, 60)
        self.enqueue(*made)
        self.drain(sandbox.url)
        load.check_all(self, sandbox, made)
        self.assertEqual(self.counts().get("failed"), None)

    def test_more_is_left_than_drain_waits_for(self):
        sandbox = self.start_sandbox("--faults", "503:1")
        made = load.make(self, 5, 5)
        made = [self.factory.renewal(f"user-{number}") for number in range(2)]
        self.enqueue(*made)
        answer = self.drain(sandbox.url, "--drain-wait", "0s", code=1)
        self.assertSays(answer.err, "2 left")
        sandbox.change("faults")
        self.drain(sandbox.url)
        load.check_all(self, sandbox, made)

    def check_hold(self, fault, reason):
        """Held, nothing failed, exit 3; a later run delivers."""
        sandbox = self.start_sandbox("--faults", fault)
        made = [self.factory.renewal(f"user-{number}") for number in range(100)]
        self.enqueue(*made)
        answer = self.drain(sandbox.url, "--drain-wait", "1s", code=3)
        self.assertSays(answer.err, "held")
        self.assertEqual(self.counts(), {"pending": 100})
        self.assertLess(sandbox.calls(), 100)
        status = self.cli("status", "--json").json()["destination"]
        self.assertEqual(status["hold_reason"], reason)
        self.assertTrue(status["hold_text"])
        self.assertEqual(
            self.rows("SELECT max(tries) FROM outbox_delivery"), [(0,)])
        sandbox.change("faults")
        self.drain(sandbox.url)
        load.check_all(self, sandbox, made)
        status = self.cli("status", "--json").json()["destination"]
        self.assertIsNone(status["hold_reason"])

    def test_a_scope_that_is_missing(self):
        self.check_hold("403:1", "forbidden")

    def test_a_refused_token(self):
        self.check_hold("401:1", "token_refused")

    def test_a_redirect(self):
        self.check_hold("302:1", "redirected")

    def test_a_portal_in_between(self):
        self.check_hold("portal@events:1", "html_answer")

    def test_a_token_file_that_changes(self):
        """A wrong token fails nothing; the relay takes the new one from the
        file by itself."""
        sandbox = self.start_sandbox("--token-file",
                                     self.write("right", "right\n"))
        path = self.write("token", "wrong\n")
        made = load.make(self, 300, 40)
        self.enqueue(*made)
        relay = self.start_relay(sandbox.url, "--token-file", path,
                                 env=support.environment())
        support.wait_until(lambda: self.cli("status", "--json").json()
                           ["destination"]["hold_reason"] == "token_refused",
                           "it is held", step_s=.1)
        self.assertNotIn("failed", self.counts())
        self.assertEqual(sandbox.stats()["events"], 0)
        os.rename(self.write("token.new", "right\n"), path)
        # At the latest the probe after 30 s finds it.
        self.wait_until_settled(45)
        self.assertEqual(relay.stop(signal.SIGTERM), 0)
        load.check_all(self, sandbox, made)
        self.assertEqual(
            self.rows("SELECT max(tries) FROM outbox_delivery"), [(0,)])

    def test_one_stuck_user_slows_nobody(self):
        """A user whose events fail in passing, with a long lane behind."""
        sandbox = self.start_sandbox()
        stuck = [self.factory.renewal("user-0") for _ in range(300)]
        others = [self.factory.renewal(f"user-{number}")
                  for number in range(1, 101)]
        relay = self.start_relay(sandbox.url)
        self.enqueue(stuck[0])
        self.wait_until_settled()
        sandbox.change("faults", "503@events:1")
        self.enqueue(stuck[1])
        support.wait_until(
            lambda: self.rows("SELECT 1 FROM outbox_delivery WHERE id = 2 "
                              "AND attempts > 0 AND state = 'pending'"),
            "the second one was tried")
        sandbox.change("faults")
        self.enqueue(*stuck[2:], *others)
        support.wait_until(
            lambda: self.open_deliveries() <= len(stuck) - 1, "the others")
        self.wait_until_settled()
        self.assertEqual(relay.stop(), 0)
        load.check_all(self, sandbox, stuck + others)


if __name__ == "__main__":
    support.main()
