"""What hangs on time: the quota, the wake-up, doing nothing, starting."""

import os
import sqlite3
import time

from bodies import webhook, webhooks
from drains import drain, fill
from figures import Figure, Group, median, percentile, wait_until

WINDOW_S = 10
QUOTA = 167
QUOTA_EVENTS = 900
QUOTA_WINDOWS = 5

COMMITS = 400
COMMIT_EVERY_S = 0.02

IDLE_S = 120
# What a start leaves to do is done: the last look after a commit (3 s).
IDLE_AFTER_S = 10

RESTART_ROWS = 1000000
RESTART_SENDING = 128


def connect(database):
    connection = sqlite3.connect(database, timeout=20, isolation_level=None)
    connection.execute("PRAGMA synchronous = FULL")
    return connection


def insert(connection, bodies):
    connection.execute("BEGIN IMMEDIATE")
    connection.executemany("INSERT INTO outbox (payload) VALUES (?)",
                           ((body,) for body in bodies))
    connection.execute("COMMIT")


def next_window(at_s=0.2):
    """Wait until so long after the next window begins."""
    time.sleep(WINDOW_S - time.time() % WINDOW_S + at_s)


def measure_quota(stage):
    """Every user is known; their attributes change: two calls an event."""
    database = fill(stage, "quota.db", QUOTA_EVENTS, QUOTA_EVENTS)
    drain(stage, database, stage.sink())
    insert(connect(database), webhooks(QUOTA_EVENTS, QUOTA_EVENTS, True,
                                       QUOTA_EVENTS))
    sink = stage.sink("--quota", QUOTA, "--latency", 100)
    stage.relay(database, sink.url)
    next_window()
    next_window()
    first = sink.get()
    for _ in range(QUOTA_WINDOWS):
        next_window()
    last = sink.get()
    return {"quota-used": (last["calls"] - first["calls"])
            / (QUOTA_WINDOWS * QUOTA),
            "quota-429": last["refused"] - first["refused"]}


def measure_latency(stage):
    """One commit of another process at a time, each of a new user."""
    database = stage.new_database("latency.db")
    sink = stage.sink()
    producer = connect(database)
    insert(producer, [webhook(0, "user-0")])
    stage.relay(database, sink.url)
    sink.wait_for_events(1)
    committed = {}
    for number in range(1, COMMITS + 1):
        user = f"user-{number}"
        producer.execute("INSERT INTO outbox (payload) VALUES (?)",
                         (webhook(number, user),))
        committed[user] = time.time()
        time.sleep(COMMIT_EVERY_S)
    sink.wait_for_events(COMMITS + 1)
    arrived = {}
    for user, at_us in sink.get("/_sink/arrivals"):
        arrived.setdefault(user, at_us)
    waits_ms = [arrived[user] / 1000 - at_s * 1000
                for user, at_s in committed.items()]
    return {"latency-p50": median(waits_ms),
            "latency-p99": percentile(waits_ms, 0.99),
            "latency-longest": max(waits_ms)}


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


def measure_idle(stage):
    database = fill(stage, "idle.db", 10, 10)
    sink = stage.sink()
    relay = stage.relay(database, sink.url)
    sink.wait_for_events(10)
    time.sleep(IDLE_AFTER_S)
    switches_before, cpu_before_s = switches(relay.pid), cpu_s(relay.pid)
    time.sleep(IDLE_S)
    return {"idle-wakeups": (switches(relay.pid) - switches_before) / IDLE_S,
            "idle-cpu": 100 * (cpu_s(relay.pid) - cpu_before_s) / IDLE_S}


def prepare_restart(stage):
    """Many delivered rows, and some that were being sent at a kill -9."""
    database = stage.new_database("restart.db")
    connection = connect(database)
    step = 50000
    for first in range(0, RESTART_ROWS, step):
        insert(connection, webhooks(step, RESTART_ROWS // 10, False, first))
    settled = RESTART_ROWS - RESTART_SENDING
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(
        "UPDATE outbox_delivery SET state = 'delivered', due_ms = NULL, "
        "settled_ms = 1 WHERE id <= ?", (settled,))
    connection.execute("UPDATE outbox_delivery SET due_ms = 0 WHERE id > ?",
                       (settled,))
    connection.execute("COMMIT")
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    stage.kept["restart"] = database


def measure_restart(stage):
    database = stage.copy(stage.kept["restart"])
    slow = stage.sink("--latency", 60000)
    relay = stage.relay(database, slow.url, "--connections",
                        str(RESTART_SENDING), "--timeout", "600s")
    look = connect(database)
    wait_until(lambda: look.execute(
        "SELECT count(*) FROM outbox_delivery WHERE state = 'sending'")
        .fetchone()[0] == RESTART_SENDING, "all are being sent", 60)
    relay.kill()
    # What was being sent waits out its requests; a fresh one does not.
    insert(look, [webhook(RESTART_ROWS, "user-fresh")])
    # SQLite keeps what it knows of a file while one connection is open, and
    # the next round takes the log away under this name.
    look.close()
    sink = stage.sink()
    began_us = time.time() * 1e6
    stage.relay(database, sink.url)
    sink.wait_for_events(1)
    return {"restart": (sink.get("/_sink/arrivals")[0][1] - began_us) / 1000}


GROUPS = [
    Group("quota", [
        Figure("quota-used", "quota of 167 per 10 s, 900 pending of known "
               "users: share used", (">=", 0.95), "", 3),
        Figure("quota-429", "… answers of 429 after the first window",
               ("=", 0), "", 0),
    ], measure_quota, rounds=1),
    Group("latency", [
        Figure("latency-p50", "commit → first byte at the sink, idle: p50",
               ("<", 0.5), "ms"),
        Figure("latency-p99", "… p99", ("<", 2), "ms"),
        Figure("latency-longest", "… the longest", None, "ms"),
    ], measure_latency),
    Group("idle", [
        Figure("idle-wakeups", "wake-ups per second while idle",
               ("<=", 0.05), "", 3),
        Figure("idle-cpu", "… processor", ("<", 0.1), "%"),
    ], measure_idle, rounds=1),
    Group("restart", [
        Figure("restart", "exec → first byte of a fresh event, after kill -9 "
               "with 1,000,000 rows and 128 being sent", ("<", 100), "ms", 0),
    ], measure_restart, prepare_restart, full=True),
]
