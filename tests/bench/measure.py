"""Figures that users feel, of the real binary over real sockets and files.

Each is a function of this file; scripts/bench runs them on a release build.
"""

import json
import os
import shutil
import sqlite3
import statistics
import sys
import tempfile
import time

sys.path.insert(0, os.path.join(os.path.dirname(__file__), "..", "end_to_end"))

from support import (TOKEN, Daemon, Sandbox, environment,  # noqa: E402
                     binary, wait_until)

WINDOW_S = 10


class Bench:
    """A folder with an outbox, and processes that are ended with it."""

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="subrelay-bench-")
        self.database = os.path.join(self.folder, "app.db")
        self.daemons = []
        self.command("init")
        return self

    def __exit__(self, *_):
        for daemon in self.daemons:
            daemon.kill()
        shutil.rmtree(self.folder, ignore_errors=True)

    def command(self, *arguments, **keywords):
        daemon = Daemon("command", ["-d", self.database, *arguments],
                        self.folder, **keywords)
        if daemon.wait(600) != 0:
            sys.exit(daemon.err())

    def sandbox(self, *arguments):
        sandbox = Sandbox("sandbox", self.folder, *arguments)
        self.daemons.append(sandbox)
        sandbox.wait_until_ready()
        return sandbox

    def relay(self, url, *arguments):
        relay = Daemon("relay", ["-d", self.database, "run", "--api-url", url,
                                 *arguments], self.folder,
                       environment(INTERCOM_TOKEN=TOKEN))
        self.daemons.append(relay)
        relay.wait_for(relay.err, "relaying ")
        return relay

    def connect(self):
        connection = sqlite3.connect(self.database, timeout=20,
                                     isolation_level=None)
        connection.execute("PRAGMA synchronous = FULL")
        return connection


def webhook(number, user):
    """A renewal; each changes the contact."""
    at_ms = 1764000000000 + number * 1000
    return json.dumps({"api_version": "1.0", "event": {
        "type": "RENEWAL", "id": f"bench-{number}", "app_user_id": user,
        "event_timestamp_ms": at_ms, "purchased_at_ms": at_ms,
        "expiration_at_ms": at_ms + 2592000000, "period_type": "NORMAL",
        "product_id": "monthly", "entitlement_ids": ["plus"],
        "environment": "PRODUCTION", "store": "APP_STORE",
        "is_trial_conversion": False, "app_id": "app1"}})


def insert(connection, count, users, first=0):
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany(
        "INSERT INTO outbox (payload) VALUES (?)",
        ((webhook(first + i, f"user-{i % users}"),) for i in range(count)))
    connection.execute("COMMIT")


def next_window(at_s=0.2):
    """Wait until so long after the next window begins."""
    now = time.time()
    time.sleep(WINDOW_S - now % WINDOW_S + at_s)


def quota(windows=6, limit=167):
    """Share of a small quota that is used, and answers of 429."""
    with Bench() as bench:
        sandbox = bench.sandbox("--quota", str(limit), "--latency", "100")
        insert(bench.connect(), 5000, 1000)
        bench.relay(sandbox.url)
        used = []
        next_window()
        before = sandbox.calls()
        for _ in range(windows):
            next_window()
            calls = sandbox.calls()
            used.append(calls - before)
            before = calls
        refused = sandbox.stats()["rate_limited"]
        print(f"quota    {limit} calls per {WINDOW_S} s, 5,000 pending, "
              f"{windows} windows: used {used}, share "
              f"{sum(used) / (windows * limit):.3f}, 429s {refused}")


def percentile(values, share):
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def latency(commits=1000):
    """Commit of another process to the call at the sandbox, one at a time."""
    with Bench() as bench:
        sandbox = bench.sandbox()
        producer = bench.connect()
        insert(producer, 1, 1)
        bench.relay(sandbox.url)
        wait_until(lambda: len(sandbox.events()) == 1, "the first one", 30)
        committed = {}
        for number in range(1, commits + 1):
            producer.execute("INSERT INTO outbox (payload) VALUES (?)",
                             (webhook(number, f"user-{number}"),))
            committed[f"user-{number}"] = time.time() * 1000
            time.sleep(0.02)
        wait_until(lambda: len(sandbox.events()) == commits + 1, "all", 30)
        taken = {}
        look = bench.connect()
        for lane, started_ms, took_ms in look.execute(
                "SELECT lane, started_ms, took_ms FROM outbox_call "
                "JOIN outbox_delivery ON delivery_id = outbox_delivery.id "
                "WHERE number = 1 AND outbox_delivery.id > 1"):
            taken[lane] = started_ms
        waits = [taken[user] - at for user, at in committed.items()]
        print(f"latency  commit to first call, {commits} commits by another "
              f"process: p50 {statistics.median(waits):.1f} ms, p99 "
              f"{percentile(waits, 0.99):.1f} ms, longest {max(waits):.1f} ms "
              "(the clock of a call counts whole milliseconds)")


def switches(pid):
    """Voluntary context switches of all threads of a process."""
    total = 0
    for thread in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{thread}/status",
                  encoding="ascii") as file:
            for line in file:
                if line.startswith("voluntary_ctxt_switches"):
                    total += int(line.split()[1])
    return total


def cpu_s(pid):
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def idle(seconds=120):
    """Wake-ups and CPU of a relay that has nothing to do."""
    with Bench() as bench:
        sandbox = bench.sandbox()
        insert(bench.connect(), 10, 10)
        relay = bench.relay(sandbox.url)
        wait_until(lambda: len(sandbox.events()) == 10, "all", 30)
        time.sleep(10)
        before, cpu_before = switches(relay.pid), cpu_s(relay.pid)
        time.sleep(seconds)
        print(f"idle     {seconds} s: "
              f"{(switches(relay.pid) - before) / seconds:.3f} wake-ups/s, "
              f"{100 * (cpu_s(relay.pid) - cpu_before) / seconds:.2f} % CPU")


def restart(rows=1000000, sending=128):
    """Start with many delivered rows and some that were being sent."""
    with Bench() as bench:
        connection = bench.connect()
        for first in range(0, rows, 50000):
            insert(connection, 50000, 100000, first)
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(
            "UPDATE outbox_delivery SET state = 'delivered', due_ms = NULL, "
            "settled_ms = 1 WHERE id <= ?", (rows - sending,))
        connection.execute("UPDATE outbox_delivery SET due_ms = 0 "
                           "WHERE id > ?", (rows - sending,))
        connection.execute("COMMIT")
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        sandbox = bench.sandbox("--latency", "60000")
        relay = bench.relay(sandbox.url, "--connections", str(sending),
                            "--timeout", "600s")
        look = bench.connect()
        wait_until(lambda: look.execute(
            "SELECT count(*) FROM outbox_delivery WHERE state = 'sending'")
            .fetchone()[0] == sending, "all are being sent", 30)
        relay.kill()
        size_mb = os.path.getsize(bench.database) / 1e6
        insert(look, 1, 1, rows)
        # What was being sent waits out its requests; a fresh one does not.
        started = time.time()
        bench.relay(sandbox.url)
        call_ms = wait_until(lambda: (look.execute(
            "SELECT started_ms FROM outbox_attempt WHERE delivery_id = ?",
            (rows + 1,)).fetchone() or [0])[0], "the first attempt", 30)
        print(f"restart  {rows:,} rows ({size_mb:,.0f} MB), {sending} were "
              f"being sent: {call_ms - started * 1000:.0f} ms from exec to the "
              "first new attempt")


FIGURES = {"quota": quota, "latency": latency, "idle": idle,
           "restart": restart}


def main():
    names = sys.argv[1:] or list(FIGURES)
    for name in names:
        if name not in FIGURES:
            sys.exit(f"{name}: no such figure; there are "
                     f"{', '.join(FIGURES)}")
    if not os.access(binary(), os.X_OK):
        sys.exit(f"{binary()}: not there; run scripts/bench")
    for name in names:
        FIGURES[name]()


if __name__ == "__main__":
    main()
