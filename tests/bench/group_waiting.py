"""What hangs on time: the quota, the wake-up, doing nothing, starting."""

import os
import sqlite3
import time

from bodies import webhook, webhooks, write_webhooks
from drains import drain, fill
from figures import Figure, Group, median, percentile
from histories import deliver_all, take_filled

# Runs that take their time and no processor go side by side.
AT_ONCE = 5

WINDOW_S = 10
QUOTA = 167
QUOTA_EVENTS = 900
QUOTA_WINDOWS = 5

COMMITS = 400
COMMIT_EVERY_S = 0.02

IDLE_S = 90
# What a start leaves to do is done: the last look after a commit (3 s).
IDLE_AFTER_S = 10

RESTART_ROWS = 1000000  # filters has it already
RESTART_EVENTS = 30000  # new ones each round, so that it is busy
RESTART_USERS = 5000
RESTART_AFTER = 5000  # events sent until the kill
RESTART_CONNECTIONS = 128


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
    known = fill(stage, "quota.db", QUOTA_EVENTS, QUOTA_EVENTS)
    drain(stage, known, stage.sink())
    connection = connect(known)
    insert(connection, webhooks(QUOTA_EVENTS, QUOTA_EVENTS, True,
                                QUOTA_EVENTS))
    connection.close()
    sinks = [stage.sink("--quota", QUOTA, "--latency", 100)
             for _ in range(AT_ONCE)]
    for number, sink in enumerate(sinks):
        stage.relay(stage.copy(known, f"quota-{number}.db"), sink.url)
    next_window()
    next_window()
    first = [sink.get() for sink in sinks]
    for _ in range(QUOTA_WINDOWS):
        next_window()
    last = [sink.get() for sink in sinks]
    return [{"quota-used": (after["calls"] - before["calls"])
             / (QUOTA_WINDOWS * QUOTA),
             "quota-429": after["refused"] - before["refused"]}
            for before, after in zip(first, last)]


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
    relays = []
    for number in range(AT_ONCE):
        database = fill(stage, f"idle-{number}.db", 10, 10)
        sink = stage.sink()
        relays.append(stage.relay(database, sink.url))
        sink.wait_for_events(10)
    time.sleep(IDLE_AFTER_S)
    before = [(switches(relay.pid), cpu_s(relay.pid)) for relay in relays]
    time.sleep(IDLE_S)
    return [{"idle-wakeups": (switches(relay.pid) - woken) / IDLE_S,
             "idle-cpu": 100 * (cpu_s(relay.pid) - used_s) / IDLE_S}
            for relay, (woken, used_s) in zip(relays, before)]


def prepare_restart(stage):
    database = take_filled(stage, RESTART_ROWS)
    deliver_all(database)
    stage.sync(database)
    stage.kept["restart"] = database
    stage.kept["restart-rounds"] = 0


def measure_restart(stage):
    """Killed in the middle of draining flat out: the log is long, and what was
    being sent is unknown. What is left waits for the next round, too."""
    database = stage.kept["restart"]
    first = stage.kept["restart-rounds"] * RESTART_EVENTS
    stage.kept["restart-rounds"] += 1
    stage.command(database, "enqueue", write_webhooks(
        stage.path("bodies"), RESTART_EVENTS, RESTART_USERS, first=first))
    connections = "--connections", str(RESTART_CONNECTIONS)
    sink = stage.sink()
    relay = stage.relay(database, sink.url, *connections)
    sink.wait_for_events(RESTART_AFTER)
    relay.kill()
    if sink.get()["events"] >= RESTART_EVENTS:
        raise AssertionError("it was done before it was killed")
    sink = stage.sink()
    began_us = time.time() * 1e6
    stage.relay(database, sink.url, *connections)
    sink.wait_for_events(1)
    return {"restart": (sink.get("/_sink/arrivals")[0][1] - began_us) / 1000}


def end_restart(stage):
    stage.remove(stage.kept.pop("restart"))


GROUPS = [
    Group("quota", [
        Figure("quota-used", "quota of 167 per 10 s, 900 pending of known "
               "users: share used", (">=", 0.95), "", 3),
        Figure("quota-429", "the same: answers of 429 after the first window",
               ("=", 0), "", 0),
    ], measure_quota, rounds=1),
    Group("latency", [
        Figure("latency-p50", "commit → first byte at the sink, idle: p50",
               ("<", 0.5), "ms"),
        Figure("latency-p99", "commit → first byte at the sink, idle: p99",
               ("<", 2), "ms"),
        Figure("latency-longest", "commit → first byte at the sink, idle: the "
               "longest of 400", None, "ms"),
    ], measure_latency),
    Group("idle", [
        Figure("idle-wakeups", "wake-ups per second while idle",
               ("<=", 0.05), "", 3),
        Figure("idle-cpu", "CPU while idle", ("<", 0.1), "%"),
    ], measure_idle, rounds=1),
    Group("restart", [
        Figure("restart", "ready after kill -9, 1,000,000 rows, killed while "
               "draining flat out (exec → first byte at the sink)",
               ("<", 100), "ms", 0),
    ], measure_restart, prepare_restart, end_restart, full=True),
]
