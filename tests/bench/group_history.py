"""What lies beside must not matter: a long history, a user who is stuck."""

import sqlite3
import time

from bodies import webhook, write_webhooks
from drains import drain, fill
from figures import Figure, Group
from fill import fill as fill_history

EVENTS = 100000
USERS = 1000
HISTORY = 5000000
BLOCKED = 1000000
STUCK_MS = 20 * 3600 * 1000  # the relay pulls back what is over 25 h

# Each round adds new events to the same file: to copy that takes too long.
FIRST = "first"


def settle_all(database):
    """What the history left open is delivered, so that only ours waits."""
    connection = sqlite3.connect(database)
    connection.execute(
        "UPDATE outbox_delivery SET state = 'delivered', due_ms = NULL, "
        "reason = NULL, unknown = 0, settled_ms = arrived_ms "
        "WHERE settled_ms IS NULL")
    connection.execute("DELETE FROM outbox_backlog")
    connection.execute("UPDATE outbox_count SET count = 0 "
                       "WHERE name IN ('pending', 'sending')")
    connection.commit()
    connection.close()


def prepare_history(stage):
    database = stage.path("history.db")
    fill_history(database, HISTORY)
    settle_all(database)
    stage.kept["history"] = database
    stage.kept[FIRST] = 0
    stage.kept["bare"] = fill(stage, "bare.db", EVENTS, USERS)


def prepare_blocked(stage):
    """One user's first delivery waits for hours, a million stand behind it."""
    database = stage.new_database("blocked.db")
    connection = sqlite3.connect(database)
    with connection:
        connection.executemany(
            "INSERT INTO outbox (payload) VALUES (?)",
            ((webhook(number, "stuck"),)
             for number in range(50000000, 50000000 + BLOCKED)))
    with connection:
        at_ms = int(time.time() * 1000) + STUCK_MS
        connection.execute(
            "UPDATE outbox_delivery SET due_ms = ?, not_before_ms = ? "
            "WHERE due_ms = 0", (at_ms, at_ms))
    connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    stage.kept["blocked"] = database
    stage.kept[FIRST] = 0
    stage.kept["bare"] = fill(stage, "bare.db", EVENTS, USERS)


def compare(stage, database, code):
    """How much longer a drain takes with what lies in the database."""
    first = stage.kept[FIRST]
    stage.kept[FIRST] += EVENTS
    bodies = write_webhooks(stage.path("bodies"), EVENTS, USERS, first=first)
    stage.command(database, "enqueue", bodies)
    without = drain(stage, stage.copy(stage.kept["bare"]), stage.sink())
    beside = drain(stage, database, stage.sink(), code=code)
    if beside.events != EVENTS:
        raise AssertionError(f"{beside.events} events of {EVENTS} arrived")
    return without.seconds / without.calls * beside.calls / beside.seconds


def measure_history(stage):
    return {"history": compare(stage, stage.kept["history"], code=0)}


def measure_blocked(stage):
    # Something is left when the drain is done, and exit 1 says so.
    return {"blocked": compare(stage, stage.kept["blocked"], code=1)}


GROUPS = [
    Group("history", [
        Figure("history", "draining 100,000, one call each, with 5,000,000 "
               "deliveries of history ÷ without", (">=", 0.90)),
    ], measure_history, prepare_history, full=True),
    Group("blocked", [
        Figure("blocked", "draining 100,000, one call each, with 1,000,000 "
               "rows blocked behind one stuck user ÷ without", (">=", 0.95)),
    ], measure_blocked, prepare_blocked, full=True),
]
