"""Webhooks over HTTP: how many are acknowledged a second, each after its
commit is durable. Clients and receiver share the machine."""

import json
import os
import re
import sqlite3

from figures import HERE, TOKEN, Figure, Group, environment
from group_cores import cpu_s

SECONDS = 6
LIMIT_ROWS = 50000
CONNECTIONS = 64
VALUE = "Bearer of-the-bench"


def write_secret(stage):
    path = stage.path("webhook.auth")
    with open(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600), "w",
              encoding="ascii") as file:
        file.write(VALUE)
    return path


def start(stage, database, url):
    """The process, and its address."""
    relay = stage.daemon(
        f"receiver-{len(stage.daemons)}",
        ["-d", database, "run", "--api-url", url, "--listen", "127.0.0.1:0",
         "--webhook-auth-file", write_secret(stage)],
        environment(INTERCOM_TOKEN=TOKEN))
    relay.wait_for(relay.err, "receiver: listening on ")
    return relay, re.search(r"listening on (\S+)", relay.err()).group(1)


def count(database):
    connection = sqlite3.connect(database)
    try:
        return connection.execute("SELECT count(*) FROM outbox").fetchone()[0]
    finally:
        connection.close()


def start_sandbox(stage):
    sandbox = stage.daemon("sandbox", ["sandbox", "--listen", "127.0.0.1:0"])
    sandbox.wait_for(sandbox.out, "\n")
    return sandbox.out().split()[-1]


def load(stage, database, url):
    """Webhooks a second, all of them 200 and in the outbox."""
    relay, address = start(stage, database, url)
    out, _, _ = stage.run(
        ["wrk", "-t", "1", "-c", str(CONNECTIONS), "-d", f"{SECONDS}s", "-s",
         os.path.join(HERE, "webhooks.lua"), address, "--", "bench", VALUE])
    told = json.loads(out.splitlines()[-1])
    told["cpu_s"] = cpu_s(relay.pid)
    stage.end_daemons()
    there = count(database)
    if told["refused"] or told["broken"] or there < told["answered"]:
        raise AssertionError(f"{told}, and {there} in the outbox")
    return told["answered"] / (told["took_us"] / 1e6), told


def limit(stage, database):
    """Rows a second that SQLite alone commits, of those that are there: each
    commit has at most one of every connection."""
    rows = stage.path("receiver.rows")
    connection = sqlite3.connect(database)
    with open(rows, "w", encoding="utf-8") as file:
        for row in connection.execute(
                "SELECT event_id, lane, coalesce(due_ms, ''), payload "
                "FROM outbox JOIN outbox_delivery USING (id) "
                "ORDER BY id LIMIT ?", (LIMIT_ROWS,)):
            file.write("{}\t{}\t{}\t{}\n".format(*row))
    written = connection.execute("SELECT min(count(*), ?) FROM outbox",
                                 (LIMIT_ROWS,)).fetchone()[0]
    connection.close()
    stage.remove(stage.path("floor.db"))
    _, took_s, _ = stage.tool("bench_floor_sqlite", stage.path("floor.db"),
                              rows, CONNECTIONS)
    return written / took_s


def measure(stage):
    database = stage.new_database("receiver.db")
    stage.command(database, "pause", "bench")
    paused, told = load(stage, database, "http://127.0.0.1:9")
    alone = limit(stage, database)
    database = stage.new_database("receiver.db")
    draining, _ = load(stage, database, start_sandbox(stage))
    return {"receiver-limit": paused / alone,
            "receiver": paused, "receiver-p50": told["p50_us"] / 1000,
            "receiver-p99": told["p99_us"] / 1000,
            "receiver-cpu": told["cpu_s"] * 1e6 / told["answered"],
            "receiver-draining": draining}


GROUPS = [
    Group("receiver", [
        Figure("receiver-limit", f"receiver: acknowledged webhooks/s at "
               f"{CONNECTIONS} connections ÷ group-commit limit of SQLite "
               "alone"),
        Figure("receiver", f"webhooks acknowledged after a durable commit, "
               f"{CONNECTIONS} connections, the relay paused",
               (">=", 10000), "/s", 0),
        Figure("receiver-p50", "webhooks acknowledged: latency, p50", None,
               "ms", 1),
        Figure("receiver-p99", "webhooks acknowledged: latency, p99", None,
               "ms", 1),
        Figure("receiver-cpu", "webhooks acknowledged: processor time of one",
               None, "µs", 0),
        Figure("receiver-draining", "webhooks acknowledged with the relay "
               "draining to the sandbox meanwhile", None, "/s", 0),
    ], measure),
]
