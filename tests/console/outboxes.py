"""Outboxes for tests of the console: made by the program itself."""

import re
import subprocess

from terminal import LIMIT_S, PROGRAM, ConsoleCase, environment
from harness import wait_line, webhook

FAILED = 12
DELIVERED = 5


class OutboxCase(ConsoleCase):
    """A folder with outbox.db: FAILED renewals, each of a user of its own,
    whose name is archived in Intercom, and DELIVERED expirations."""

    made = None  # the bytes of that outbox, made once

    def setUp(self):
        super().setUp()
        if OutboxCase.made is None:
            OutboxCase.made = self.make()
        else:
            with open(self.path("outbox.db"), "wb") as file:
                file.write(OutboxCase.made)

    def make(self):
        intercom = self.sandbox("--faults", "reject=rc_renewal_event")
        self.expect(0, "init")
        self.enqueue(*(webhook(f"renewal-{i}", app_user_id=f"user-{i}")
                       for i in range(FAILED)),
                     *(webhook(f"expiration-{i}", type="EXPIRATION",
                               app_user_id=f"user-{i}",
                               expiration_reason="UNSUBSCRIBE")
                       for i in range(DELIVERED)))
        self.drain(intercom, code=1)
        self.expect(0, "backup", "made.db")
        with open(self.path("made.db"), "rb") as file:
            return file.read()

    def enqueue(self, *bodies):
        self.expect(0, "enqueue", stdin="\n".join(bodies))

    def relay(self, *options):
        """A stand-in Intercom and a relay to it, until the test ends."""
        self.intercom = self.sandbox("--faults", "reject=rc_renewal_event")
        relay = subprocess.Popen(
            [PROGRAM, "run", "--api-url", self.intercom.url, *options],
            cwd=self.folder, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE, text=True,
            env=environment(INTERCOM_TOKEN="any"))
        self.addCleanup(self.end, relay)
        wait_line(relay, "relaying")
        return relay

    def end(self, process):
        process.terminate()
        process.communicate(timeout=LIMIT_S)

    def states(self):
        """{state: how many} as `status` counts them."""
        out, _ = self.expect(0, "list", "--json", "--limit", "100000")
        counts = {}
        for state in re.findall(r'"state":"(\w+)"', out):
            counts[state] = counts.get(state, 0) + 1
        return counts
