"""A disk that is full, and one that cannot be written to."""

import json
import os
import resource
import signal

import load
import mounts
import support

MIB = 1 << 20


class Disk(support.EndToEnd):
    def setUp(self):
        super().setUp()
        reason = mounts.available()
        if reason:
            self.skipTest(reason)
        self.disk = self.path("disk")
        os.mkdir(self.disk)
        self.database = os.path.join(self.disk, "app.db")

    def mount_small(self, size):
        mounts.small(self.disk, size)
        self.addCleanup(mounts.unmount, self.disk)

    def test_full_while_enqueueing(self):
        """It says so; what was counted as enqueued is there; with room again
        the rest goes in, from the same file."""
        self.mount_small(30 * MIB)
        self.init()
        filler = os.path.join(self.disk, "filler")
        with open(filler, "wb") as file:
            file.write(b"\0" * (27 * MIB))
        sandbox = self.start_sandbox()
        made = load.make(self, 5000, 50)
        path = self.write("all.jsonl", "".join(
            json.dumps(webhook) + "\n" for webhook in made))
        answer = self.cli("enqueue", path, code=3)
        self.assertSays(answer.err, "no room")
        there = self.rows("SELECT count(*) FROM outbox")[0][0]
        self.assertLess(there, len(made))
        os.unlink(filler)
        answer = self.cli("enqueue", path)
        self.assertSays(answer.out, f"{len(made) - there} enqueued, "
                                    f"{there} duplicate, 0 refused")
        self.drain(sandbox.url)
        load.check_all(self, sandbox, made)

    def test_full_from_the_start(self):
        """A relay cannot even begin; later another one can."""
        self.mount_small(30 * MIB)
        self.init()
        sandbox = self.start_sandbox()
        made = load.make(self, 200, 20)
        self.enqueue(*made)
        filler = os.path.join(self.disk, "filler")
        self.fill(filler)
        answer = self.drain(sandbox.url, code=3)
        self.assertSays(answer.err, "app.db", "no room")
        self.assertEqual(sandbox.calls(), 0)
        os.unlink(filler)
        self.drain(sandbox.url)
        load.check_all(self, sandbox, made)

    def test_full_in_the_middle_of_delivering(self):
        """The relay says so, waits, and goes on when there is room."""
        self.mount_small(30 * MIB)
        self.init()
        sandbox = self.start_sandbox("--latency", "10")
        made = load.make(self, 1500, 100)
        self.enqueue(*made)
        relay = self.start_relay(sandbox.url, "--connections", "8")
        support.wait_until(lambda: sandbox.stats()["events"] > 30, "events")
        filler = os.path.join(self.disk, "filler")
        self.fill(filler)
        relay.wait_for(relay.err, "no room")
        self.assertGreater(self.open_deliveries(), 0)
        os.unlink(filler)
        self.wait_until_settled()
        self.assertEqual(relay.stop(), 0)
        load.check_all(self, sandbox, made)
        self.assertEqual(self.rows("PRAGMA integrity_check"), [("ok",)])

    def test_full_and_stopped(self):
        """It can be stopped although nothing can be recorded."""
        self.mount_small(30 * MIB)
        self.init()
        sandbox = self.start_sandbox("--latency", "10")
        made = load.make(self, 600, 100)
        self.enqueue(*made)
        relay = self.start_relay(sandbox.url, "--timeout", "1s", "--grace",
                                 "2s", "--connections", "8")
        support.wait_until(lambda: sandbox.stats()["events"] > 20, "events")
        filler = os.path.join(self.disk, "filler")
        self.fill(filler)
        relay.wait_for(relay.err, "no room")
        self.assertEqual(relay.stop(seconds=10), 0)
        os.unlink(filler)
        self.drain(sandbox.url, "--timeout", "1s")
        load.check_all(self, sandbox, made)

    def fill(self, path):
        """Until not one byte more fits."""
        with open(path, "wb", buffering=0) as file:
            for size in (MIB, 4096):
                try:
                    while file.write(b"\0" * size) == size:
                        pass
                except OSError:
                    pass

    def test_read_only(self):
        """Looking works; whatever writes says what is the matter."""
        self.init()
        made = load.make(self, 3, 1)
        self.enqueue(*made)
        mounts.read_only(self.disk)
        self.addCleanup(mounts.unmount, self.disk)
        for command in (("enqueue",), ("init",),
                        ("run", "--api-url", "http://127.0.0.1:9")):
            with self.subTest(command[0]):
                answer = self.cli(
                    *command, code=3, stdin=json.dumps(made[0]),
                    env=support.environment(INTERCOM_TOKEN=support.TOKEN))
                self.assertSays(answer.err, "app.db", "read-only")
        self.assertEqual(len(self.cli("list", "--json").lines()), 3)
        self.cli("status")
        self.cli("show", "1")


class NoMoreRoom(support.EndToEnd):
    """A limit on the size of files, which needs no mount: a write that fails
    for another reason than a full disk."""

    @staticmethod
    def limit():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (400_000, 400_000))

    def test_enqueue_beyond_the_limit_keeps_what_it_counted(self):
        self.init()
        made = load.make(self, 2000, 20)
        lines = "".join(json.dumps(webhook) + "\n" for webhook in made)
        answer = self.cli("enqueue", code=3, stdin=lines, preexec=self.limit)
        self.assertSays(answer.err, "app.db")
        there = self.rows("SELECT count(*) FROM outbox")[0][0]
        self.assertLess(there, len(made))
        self.assertEqual(self.rows("PRAGMA integrity_check"), [("ok",)])
        answer = self.cli("enqueue", stdin=lines)
        self.assertSays(answer.out, f"{there} duplicate")


if __name__ == "__main__":
    support.main()
