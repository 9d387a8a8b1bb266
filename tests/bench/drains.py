"""The relay draining an outbox, beside libcurl that makes the same calls."""

import json
import os
import sqlite3
import sys

from bodies import write_webhooks
from figures import TOKEN, environment

CONNECTIONS = 32


class Drain:
    """What a drain came to."""

    def __init__(self, counts, usage, peak_kib=0):
        self.calls = counts["calls"]
        self.events = counts["events"]
        self.body_bytes = counts["body_bytes"]
        self.seconds = counts["us"] / 1e6  # from the first call to the last
        self.cpu_s = usage.ru_utime + usage.ru_stime
        self.memory_mb = peak_kib / 1024  # of the relay


def fill(stage, name, events, users, changes=False):
    """A database with so many events that wait; its path."""
    database = stage.new_database(name)
    bodies = write_webhooks(stage.path("bodies"), events, users, changes)
    stage.command(database, "enqueue", bodies)
    return database


def drain(stage, database, sink, connections=CONNECTIONS, code=0):
    """Drain it; what does not arrive once and in order ends the bench."""
    sink.clear()
    peak = stage.path("peak")
    _, _, usage = stage.run(
        [os.path.join(stage.tools, "bench_peak"), peak, stage.program, "-d",
         database, "run", "--drain", "--api-url", sink.url, "--connections",
         str(connections)], environment(INTERCOM_TOKEN=TOKEN), code)
    counts = sink.get()
    if counts["doubles"] or counts["disorder"] or counts["refused"] \
            or counts["distinct"] != counts["events"]:
        sys.exit(f"bench: the sink counted {json.dumps(counts)}")
    with open(peak, encoding="ascii") as file:
        return Drain(counts, usage, int(file.read()))


def calls_of(connection):
    """Where the calls are read; an older program's outbox has the table."""
    return connection.execute(
        "SELECT max(name) FROM sqlite_master WHERE name IN "
        "('outbox_call', 'outbox_call_made')").fetchone()[0]


def attempt_of(connection):
    """How a call finds its attempt; an older program's outbox has a key of
    both."""
    has_id = connection.execute(
        "SELECT count(*) FROM pragma_table_info('outbox_attempt') "
        "WHERE name = 'id'").fetchone()[0]
    if has_id:
        return "attempt.id = (call.delivery_id << 20 | call.attempt)"
    return ("attempt.delivery_id = call.delivery_id"
            " AND attempt.number = call.attempt")


def write_calls(database, path):
    """The calls that were recorded in a drained database, for
    bench_floor_curl; how many."""
    connection = sqlite3.connect(database)
    count = 0
    with open(path, "w", encoding="utf-8") as file:
        for request, lane, attributes, event in connection.execute(
                "SELECT request, lane, attributes, event_body"
                f" FROM {calls_of(connection)} AS call"
                " JOIN outbox_attempt AS attempt"
                f" ON {attempt_of(connection)}"
                " JOIN outbox_delivery AS delivery"
                " ON delivery.id = call.delivery_id"
                " ORDER BY call.started_ms, call.delivery_id, call.number"):
            body = event
            if request == "POST /contacts":
                body = (f'{{"role":"user","external_id":"{lane}",'
                        f'"custom_attributes":{attributes}}}')
            elif request.startswith("PUT "):
                body = f'{{"custom_attributes":{attributes}}}'
            file.write(f"{request} {body}\n")
            count += 1
    connection.close()
    return count


def floor(stage, calls, sink, connections=CONNECTIONS):
    """libcurl alone makes the calls of the file."""
    sink.clear()
    _, _, usage = stage.tool("bench_floor_curl", sink.url, connections, calls)
    return Drain(sink.get(), usage)


class Mix:
    """Events of one kind: filled and drained once to learn their calls."""

    def __init__(self, stage, name, events, users, changes=False):
        self.stage = stage
        self.events = events
        self.database = fill(stage, f"{name}.db", events, users, changes)
        self.calls = stage.path(f"{name}.calls")
        copy = stage.copy(self.database)
        sink = stage.sink()
        drain(stage, copy, sink)
        write_calls(copy, self.calls)
        stage.end_daemons()

    def run(self):
        """(the relay's drain, libcurl's) in turn, at the same sink."""
        copy = self.stage.copy(self.database)
        sink = self.stage.sink()
        relay = drain(self.stage, copy, sink)
        alone = floor(self.stage, self.calls, sink)
        if relay.events != self.events or \
                (relay.calls, relay.body_bytes) != \
                (alone.calls, alone.body_bytes):
            sys.exit(f"bench: {self.events} events: the relay made "
                     f"{relay.calls} calls with {relay.body_bytes} bytes, "
                     f"libcurl alone {alone.calls} with {alone.body_bytes}")
        return relay, alone
