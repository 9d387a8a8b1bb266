"""Many webhooks through many hands, and the comparison of what arrived with
what had to: used by the tests of order, of kill -9, and by volume.py."""

import json
import sqlite3
import subprocess
import threading
import time

import support
import webhooks


class Producers:
    """Threads that enqueue webhooks, each in its own way, all at once. Every
    webhook is given to one of them; some are given to several."""

    def __init__(self, test, all_webhooks, repeats=.05):
        self.test = test
        self.hands = [[], [], []]
        for webhook in all_webhooks:
            hand = test.random.randrange(3)
            self.hands[hand].append(webhook)
            if test.random.random() < repeats:
                self.hands[(hand + 1) % 3].append(webhook)
        self.errors = []
        self.committed = 0  # rows of the application's own table
        self.threads = [
            threading.Thread(target=self._guard, args=(work, hand))
            for work, hand in zip(
                (self._command, self._application, self._one_by_one),
                self.hands)]

    def start(self):
        connection = sqlite3.connect(self.test.database)
        connection.execute("CREATE TABLE IF NOT EXISTS subscription ("
                           "id INTEGER PRIMARY KEY, user TEXT, event TEXT)")
        connection.commit()
        connection.close()
        for thread in self.threads:
            thread.start()

    def join(self):
        for thread in self.threads:
            thread.join()
        if self.errors:
            raise self.errors[0]

    def _guard(self, work, hand):
        try:
            work(hand)
        except Exception as error:  # told by join(), in the test's thread
            self.errors.append(error)

    def _command(self, hand):
        """subrelay enqueue, lines on stdin, a batch a process."""
        for batch in batches(hand, 200):
            lines = "".join(json.dumps(webhook) + "\n" for webhook in batch)
            done = subprocess.run(
                [support.binary(), "-d", self.test.database, "enqueue"],
                input=lines.encode(), capture_output=True,
                env=support.environment(), timeout=support.PATIENCE_S)
            if done.returncode != 0 or b" 0 refused" not in done.stdout:
                raise AssertionError(f"enqueue: {done}")

    def _connect(self):
        return sqlite3.connect(self.test.database, timeout=20,
                               isolation_level=None)

    def _application(self, hand):
        """Transactions with rows of the application's own, one in ten of them
        taken back and made again."""
        connection = self._connect()
        for number, batch in enumerate(batches(hand, 7)):
            if number % 10 == 0:
                self._insert(connection, batch, "ROLLBACK")
            self._insert(connection, batch, "COMMIT")
            self.committed += len(batch)
        connection.close()

    def _insert(self, connection, batch, end):
        connection.execute("BEGIN IMMEDIATE")
        for webhook in batch:
            event = webhook["event"]
            connection.execute(
                "INSERT INTO subscription (user, event) VALUES (?, ?)",
                (event.get("app_user_id"), event["id"]))
            connection.execute("INSERT INTO outbox (payload) VALUES (?)",
                               (json.dumps(webhook),))
        connection.execute(end)

    def _one_by_one(self, hand):
        """An INSERT alone is its own transaction; every form of it."""
        connection = self._connect()
        forms = ("INSERT INTO", "INSERT OR IGNORE INTO",
                 "INSERT OR REPLACE INTO")
        for number, webhook in enumerate(hand):
            connection.execute(
                forms[number % 3] + " outbox (payload) VALUES (?)",
                (json.dumps(webhook, ensure_ascii=False),))
        connection.close()


def batches(things, size):
    return [things[start:start + size]
            for start in range(0, len(things), size)]


def make(test, count, users, **options):
    """count random webhooks of so many users."""
    factory = webhooks.Factory(test.random, **options)
    names = factory.users(users)
    return [factory.webhook(test.random.choice(names)) for _ in range(count)]


def in_outbox_order(test, all_webhooks):
    """The webhooks in the order of the outbox's ids: exactly those."""
    by_id = {webhook["event"]["id"]: webhook for webhook in all_webhooks}
    order = [row[0] for row in
             test.rows("SELECT event_id FROM outbox ORDER BY id")]
    test.assertEqual(sorted(order), sorted(by_id),
                     "what is in the outbox is not what was enqueued")
    return [by_id[event_id] for event_id in order]


def workspace_of(ordered):
    """What Intercom must hold after these."""
    workspace = webhooks.Workspace(int(time.time()))
    for webhook in ordered:
        workspace.deliver(webhook)
    return workspace


def check_outcomes(test, workspace):
    """State and reason of every delivery."""
    found = {event_id: (state, reason) for event_id, state, reason in
             test.rows("SELECT o.event_id, d.state, d.reason FROM outbox o "
                       "LEFT JOIN outbox_delivery d ON d.id = o.id")}
    wrong = [(event_id, expected.state, expected.reason, found[event_id])
             for event_id, expected in workspace.outcomes.items()
             if found[event_id] != (expected.state, expected.reason)]
    test.assertEqual(wrong[:5], [], f"{len(wrong)} ended otherwise")


def check_events(test, workspace, arrived):
    """Of every user exactly the right events, in the right order."""
    by_user = {}
    for event in arrived:
        by_user.setdefault(event["user"], []).append({
            "event_name": event["event_name"],
            "user_id": event["user"],
            "created_at": event["created_at"],
            "metadata": event["metadata"],
        })
    test.assertEqual(sorted(by_user), sorted(workspace.events))
    for user, expected in workspace.events.items():
        if by_user[user] != expected:
            explain_difference(test, user, expected, by_user[user])


def explain_difference(test, user, expected, arrived):
    def mark(body):
        return body["event_name"], body["created_at"]
    marks = [mark(body) for body in expected]
    test.assertEqual([mark(body) for body in arrived], marks,
                     f"events of {user}")
    test.assertEqual(arrived, expected, f"bodies of {user}")


def check_contacts(test, workspace, contacts):
    test.assertEqual(sorted(contacts), sorted(workspace.attributes))
    for user, expected in workspace.attributes.items():
        test.assertEqual(
            webhooks.without_nulls(contacts[user]["custom_attributes"]),
            expected, f"attributes of {user}")


def check_all(test, sandbox, all_webhooks):
    """Nothing lost, nothing doubled, in order, with the right attributes.
    Returns the Workspace."""
    workspace = workspace_of(in_outbox_order(test, all_webhooks))
    check_outcomes(test, workspace)
    check_events(test, workspace, sandbox.events())
    check_contacts(test, workspace, sandbox.contacts())
    stats = sandbox.stats()
    test.assertEqual(stats["events"], workspace.data_events())
    test.assertEqual(stats["metadata_keys_dropped"], 0)
    return workspace
