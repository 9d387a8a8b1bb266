"""The eighteen sample webhooks, from their files to the stand-in Intercom."""

import json
import os
import unittest

import support
import webhooks

# What becomes of each, written down by hand from what RevenueCat publishes.
# file: (state, reason, the data event's name, subscription_status)
ENDS = {
    "billing_issue": ("delivered", None, "rc_billing_issue_event",
                      "grace_period"),
    "cancellation": ("delivered", None, "rc_cancellation_event", "cancelled"),
    "cancellation_refund": ("delivered", None, "rc_cancellation_event",
                            "cancelled"),
    "expiration": ("delivered", None, "rc_expiration_event", "expired"),
    "granted_entitlement": ("delivered", None,
                            "rc_non_subscription_purchase_event",
                            "promotional"),
    "initial_purchase": ("delivered", None, "rc_initial_purchase_event",
                         "active"),
    "non_subscription_purchase": ("delivered", None,
                                  "rc_non_subscription_purchase_event", None),
    "product_change": ("delivered", None, "rc_product_change_event",
                       "active"),
    "renewal": ("delivered", None, "rc_renewal_event", "active"),
    "sandbox_renewal": ("skipped", "sandbox_event", None, None),
    "subscription_extended": ("delivered", None, None, "active"),
    "subscription_paused": ("delivered", None, None, "paused"),
    "transfer": ("skipped", "no_intercom_event", None, None),
    "trial_cancelled": ("delivered", None, "rc_trial_cancelled_event",
                        "cancelled_trial"),
    "trial_converted": ("delivered", None, "rc_trial_converted_event",
                        "active"),
    "trial_started": ("delivered", None, "rc_trial_started_event", "trial"),
    "uncancellation": ("delivered", None, None, "active"),
    "unknown_type": ("skipped", "no_intercom_event", None, None),
}


def sample_path(name):
    return os.path.abspath(
        os.path.join(support.DATA, "webhooks", name + ".json"))


def read_sample(name):
    with open(sample_path(name), encoding="utf-8") as file:
        return json.load(file)


class Published(unittest.TestCase):
    """The computation that the other tests compare with is right itself."""

    def read(self, folder, name):
        path = os.path.join(support.DATA, folder, name)
        with open(path, encoding="utf-8") as file:
            return json.load(file)

    def test_it_agrees_with_the_published_payloads(self):
        names = os.listdir(os.path.join(support.DATA, "webhooks_published"))
        self.assertEqual(len(names), 8)
        for name in names:
            with self.subTest(name):
                expected = webhooks.expect(
                    self.read("webhooks_published", name))
                envelope = self.read("envelopes", name)
                self.check(expected, envelope)

    def check(self, expected, envelope):
        attributes = envelope["user_payload"]["custom_attributes"]
        self.assertEqual({key: expected.attributes[key]
                          for key in attributes}, attributes)
        published = envelope["event_payload"]
        metadata = webhooks.without_nulls(published.pop("metadata"))
        ours = expected.data_event.pop("metadata")
        self.assertEqual({key: ours[key] for key in metadata}, metadata)
        self.assertEqual(expected.data_event, published)


class Samples(support.EndToEnd):
    def setUp(self):
        super().setUp()
        self.samples = {name: read_sample(name) for name in ENDS}
        self.sandbox = self.start_sandbox()
        self.init()
        for name in ENDS:
            answer = self.cli("enqueue", sample_path(name))
            self.assertSays(answer.out, "1 enqueued, 0 duplicate, 0 refused")

    def test_there_is_an_end_for_every_file(self):
        files = os.listdir(os.path.join(support.DATA, "webhooks"))
        self.assertEqual(sorted(name + ".json" for name in ENDS),
                         sorted(file for file in files
                                if file.endswith(".json")))

    def test_each_ends_as_it_should(self):
        answer = self.drain(self.sandbox.url)
        self.assertSays(answer.err, "15 delivered, 0 failed, 3 skipped")
        self.check_list()
        self.check_events()
        self.check_contacts()
        self.check_show()

    def check_list(self):
        rows = {row["event_id"]: row
                for row in self.cli("list", "--json").lines()}
        self.assertEqual(len(rows), len(ENDS))
        for name, (state, reason, event_name, _) in ENDS.items():
            with self.subTest(name):
                event = self.samples[name]["event"]
                row = rows[event["id"]]
                self.assertEqual((row["state"], row["reason"]),
                                 (state, reason))
                self.assertEqual(row["user"], event.get("app_user_id"))
                self.assertEqual(row["type"], event["type"])
                if state == "skipped":
                    self.assertEqual(row["attempts"], 0)
                elif event_name is None:
                    self.assertIsNone(row["kind"])
                else:
                    self.assertEqual(f"rc_{row['kind']}_event", event_name)

    def check_events(self):
        expected = [webhooks.expect(sample).data_event
                    for sample in self.samples.values()]
        by_name = {}
        for event in self.sandbox.events():
            by_name[event["user"]] = event
            self.assertEqual(event["duplicates"], 0)
        self.assertEqual(len(by_name), 12)
        for name, (_, _, event_name, _) in ENDS.items():
            with self.subTest(name):
                user = self.samples[name]["event"].get("app_user_id")
                arrived = by_name.get(user)
                self.assertEqual(arrived and arrived["event_name"],
                                 event_name)
        for body in filter(None, expected):
            arrived = by_name[body["user_id"]]
            self.assertEqual(arrived["created_at"], body["created_at"])
            self.assertEqual(arrived["metadata"], body["metadata"])

    def check_contacts(self):
        contacts = self.sandbox.contacts()
        self.assertEqual(len(contacts), 15)
        for name, (state, _, _, status) in ENDS.items():
            with self.subTest(name):
                sample = self.samples[name]
                user = sample["event"].get("app_user_id")
                if state == "skipped":
                    self.assertNotIn(user, contacts)
                    continue
                attributes = webhooks.without_nulls(
                    contacts[user]["custom_attributes"])
                self.assertEqual(attributes, webhooks.without_nulls(
                    webhooks.attributes_of(sample["event"])))
                self.assertEqual(attributes.get("subscription_status"),
                                 status)

    def check_show(self):
        ids = dict(self.rows("SELECT event_id, id FROM outbox"))
        for name, (state, reason, event_name, _) in ENDS.items():
            with self.subTest(name):
                sample = self.samples[name]
                number = ids[sample["event"]["id"]]
                shown = self.cli("show", "--json", str(number)).json()
                self.assertEqual((shown["state"], shown["reason"]),
                                 (state, reason))
                self.assertEqual(json.loads(shown["payload"]), sample)
                if state == "skipped":
                    self.assertEqual(shown["history"], [])
                    self.assertTrue(shown["why"])
                    continue
                self.check_attempt(shown, sample, event_name)
                text = self.cli("show", str(number)).out
                self.assertSays(text, state)

    def check_attempt(self, shown, sample, event_name):
        """A new user takes two calls, and what was sent is kept."""
        self.assertEqual(len(shown["history"]), 1)
        attempt = shown["history"][0]
        self.assertEqual(attempt["outcome"], "delivered")
        self.assertEqual(json.loads(attempt["attributes"]),
                         webhooks.attributes_of(sample["event"]))
        calls = [(call["request"], call["status"])
                 for call in attempt["calls"]]
        wanted = [("POST /contacts", 200)]
        if event_name is not None:
            wanted.append(("POST /events", 202))
            self.assertEqual(json.loads(attempt["event_body"]),
                             webhooks.expect(sample).data_event)
        self.assertEqual(calls, wanted)
        for call in attempt["calls"]:
            self.assertTrue(call["request_id"])

    def test_sandbox_events_are_sent_when_asked_for(self):
        answer = self.drain(self.sandbox.url, "--sandbox-events", "send")
        self.assertSays(answer.err, "16 delivered, 0 failed, 2 skipped")
        arrived = {event["user"]: event for event in self.sandbox.events()}
        metadata = arrived["user-1016"]["metadata"]
        self.assertEqual(metadata["environment"], "sandbox")

    def test_all_of_it_again_is_nothing_new(self):
        self.drain(self.sandbox.url)
        calls = self.sandbox.calls()
        answer = self.cli("enqueue", *map(sample_path, ENDS))
        self.assertSays(answer.out, "0 enqueued, 18 duplicate, 0 refused")
        self.drain(self.sandbox.url)
        self.assertEqual(self.sandbox.calls(), calls)

    def test_status_counts_them(self):
        self.drain(self.sandbox.url)
        status = self.cli("status", "--json").json()
        self.assertEqual((status["delivered"], status["skipped"],
                          status["failed"], status["pending"]), (15, 3, 0, 0))
        self.assertAlmostEqual(status["calls_per_event"], 27 / 15)
        self.assertFalse(status["relay"]["is_running"])


if __name__ == "__main__":
    support.main()
