#!/usr/bin/env python3
"""By hand: many events of many users, and what that took.

    SUBRELAY=build/subrelay tests/end_to_end/volume.py [EVENTS [USERS]]

100,000 events of 1,000 users by default: enqueue, sandbox, run --drain; then
the order, the attributes and the counts are compared with an independent
computation. Prints rates, calls an event, and the relay's memory."""

import json
import sys
import time

import load
import support


class Volume(support.EndToEnd):
    events = 100_000
    users = 1_000

    def runTest(self):
        made = load.make(self, self.events, self.users)
        path = self.write("all.jsonl", "".join(
            json.dumps(webhook) + "\n" for webhook in made))
        self.init()
        seconds = self.measure(
            lambda: self.cli("enqueue", path, seconds=3600))
        self.tell("enqueue", seconds)
        sandbox = self.start_sandbox()
        relay = self.watch(support.Daemon(
            "relay", self.run_arguments(sandbox.url, "--drain"), self.folder,
            support.environment(INTERCOM_TOKEN=support.TOKEN)))
        seconds = self.measure(lambda: self.attend(relay))
        self.tell("run --drain", seconds)
        workspace = load.check_all(self, sandbox, made)
        stats = sandbox.stats()
        self.assertEqual(stats["duplicates"], 0)
        self.assertEqual(sandbox.calls(), workspace.calls)
        delivered = self.counts()["delivered"]
        print(f"{delivered} delivered, {stats['events']} data events, "
              f"{stats['contacts']} contacts: each once, in order, with the "
              f"right attributes")
        print(f"{sandbox.calls()} calls, "
              f"{sandbox.calls() / delivered:.2f} a delivered event, "
              f"{sandbox.calls() / seconds:.0f}/s")
        print(f"memory of the relay: {self.memory_kib / 1024:.1f} MiB at "
              f"most; of the sandbox: "
              f"{sandbox.highest_memory_kib() / 1024:.1f} MiB")

    def measure(self, work):
        began = time.monotonic()
        work()
        return time.monotonic() - began

    def attend(self, relay):
        """Until it ends; its memory is seen only while it runs."""
        self.memory_kib = 0
        while relay.is_running():
            self.memory_kib = max(self.memory_kib,
                                  relay.highest_memory_kib())
            time.sleep(.02)
        self.assertEqual(relay.wait(), 0, relay.err())

    def tell(self, what, seconds):
        print(f"{what}: {self.events} events in {seconds:.2f} s, "
              f"{self.events / seconds:.0f}/s", flush=True)


if __name__ == "__main__":
    numbers = [int(argument) for argument in sys.argv[1:]]
    Volume.events, Volume.users = (numbers + [Volume.events, Volume.users][
        len(numbers):])[:2]
    sys.argv[1:] = []
    support.main()
