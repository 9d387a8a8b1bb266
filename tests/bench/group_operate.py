"""A retry of many: what it leaves to a producer beside it and to its events."""

import sqlite3
import threading
import time

from bodies import webhook
from drains import calls_of
from fill import INSERT_FAILED
from figures import Figure, Group, median, percentile, wait_until

RETRIED = 100000
ALONE_S = 4
BESIDE_S = 6  # after all are put back in line; they are far from sent then


def connect(database):
    connection = sqlite3.connect(database, timeout=60, isolation_level=None)
    connection.execute("PRAGMA synchronous = FULL")
    return connection


class Producer(threading.Thread):
    """Commits one event after the other until it is told to stop."""

    def __init__(self, database, first):
        super().__init__(daemon=True)
        self.database = database
        self.first = first
        self.committed = {}
        self.stopped = threading.Event()
        self.took_s = 0

    def run(self):
        connection = connect(self.database)
        began = time.monotonic()
        number = self.first
        while not self.stopped.is_set():
            user = f"fresh-{number}"
            connection.execute("INSERT INTO outbox (payload) VALUES (?)",
                               (webhook(number, user),))
            self.committed[user] = time.time()
            number += 1
        self.took_s = time.monotonic() - began
        connection.close()

    def stop(self):
        self.stopped.set()
        self.join()
        return len(self.committed) / self.took_s


def waits_of(look, producer):
    """Commit to first call of each of its events, in milliseconds."""
    users = list(producer.committed)
    return [wait for wait, in look.execute(
        "SELECT started_ms - arrived_ms "
        f"FROM {calls_of(look)} AS call JOIN outbox_delivery "
        "ON id = call.delivery_id WHERE attempt = 1 AND number = 1 AND "
        "lane BETWEEN ? AND ?", (users[0], users[-1]))]


def prepare(stage):
    database = stage.new_database("failed.db")
    connection = connect(database)
    connection.executescript("BEGIN;" + INSERT_FAILED.format(RETRIED)
                             + "COMMIT; PRAGMA wal_checkpoint(TRUNCATE);")
    connection.close()
    stage.kept["failed"] = database


def measure(stage):
    """Alone: a relay that delivers what the producer writes. Beside: the same
    while 100,000 are planned, put back in line, and being sent."""
    database = stage.copy(stage.kept["failed"])
    sink = stage.sink()
    stage.relay(database, sink.url)
    alone = Producer(database, 10 * RETRIED)
    alone.start()
    time.sleep(ALONE_S)
    alone_rate = alone.stop()
    sink.wait_for_events(len(alone.committed))

    beside = Producer(database, 20 * RETRIED)
    beside.start()
    _, put_back_s, _ = stage.command(database, "retry", "state:failed",
                                     "--yes")
    time.sleep(BESIDE_S)
    beside_rate = beside.stop()
    look = connect(database)
    wait_until(lambda: len(waits_of(look, beside)) == len(beside.committed),
               "all fresh ones are sent", 300, 0.5)
    waits_ms = waits_of(look, beside)
    alone_ms = waits_of(look, alone)
    look.close()
    return {"operate-producer": beside_rate / alone_rate,
            "operate-fresh-alone": median(alone_ms),
            "operate-fresh": median(waits_ms),
            "operate-fresh-p99": percentile(waits_ms, 0.99),
            "operate-put-back": put_back_s}


GROUPS = [Group("operate", [
    Figure("operate-producer", "a producer committing flat out while a retry "
           "of 100,000 is planned, put back and being sent ÷ the same without",
           (">=", 0.5)),
    Figure("operate-fresh-alone", "a producer flat out: its events, commit → "
           "first call, p50", None, "ms", 1),
    Figure("operate-fresh", "a producer flat out beside a retry of 100,000: "
           "its events, commit → first call, p50", None, "ms", 1),
    Figure("operate-fresh-p99", "a producer flat out beside a retry of "
           "100,000: its events, commit → first call, p99", None, "ms", 1),
    Figure("operate-put-back", "a retry of 100,000 planned and put back in "
           "line, beside a producer flat out", None, "s", 1),
], measure, prepare, rounds=3)]
