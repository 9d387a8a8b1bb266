"""Outboxes with millions of rows, made once and used by several groups."""

import sqlite3
import time

from bodies import webhook
from fill import fill_outbox

PIECE = 50000
STUCK = "stuck"
HOURS_S = 3 * 3600


def filled(stage, count):
    """An outbox with so many deliveries of the last 90 days, most of them
    settled (fill.py); its path. Who changes it takes it."""
    name = f"filled-{count}"
    if name not in stage.kept:
        database = stage.new_database(f"{name}.db")
        fill_outbox(connect_unsafe(database), count)
        stage.sync(database)
        stage.kept[name] = database
    return stage.kept[name]


def take_filled(stage, count):
    """The same, for the caller alone: the next one to ask gets another."""
    database = stage.rename(filled(stage, count), f"taken-{count}.db")
    del stage.kept[f"filled-{count}"]
    return database


def connect_unsafe(database):
    """For filling: what a power cut would leave of it does not matter."""
    connection = sqlite3.connect(database, isolation_level=None)
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA cache_size = -200000")
    return connection


def insert_through_the_door(stage, name, bodies):
    """A new outbox with these events, each of them inserted as producers do;
    its path."""
    database = stage.new_database(name)
    connection = connect_unsafe(database)
    bodies = iter(bodies)
    piece = True
    while piece:
        piece = [(body,) for _, body in zip(range(PIECE), bodies)]
        connection.execute("BEGIN IMMEDIATE")
        connection.executemany("INSERT INTO outbox (payload) VALUES (?)",
                               piece)
        connection.execute("COMMIT")
    connection.close()
    stage.sync(database)
    return database


def blocked_behind_one(stage, name, count, first):
    """An outbox where so many deliveries of one user stand: the head was sent,
    was answered 503 with a time that is hours ahead, and waits for it; all
    others wait for the head."""
    database = insert_through_the_door(
        stage, name, (webhook(number, STUCK)
                      for number in range(first, first + count)))
    sink = stage.sink("--stuck", STUCK)
    stage.command(database, "run", "--drain", "--api-url", sink.url, code=1)
    connection = sqlite3.connect(database)
    waiting = connection.execute(
        "SELECT count(*), sum(due_ms IS NOT NULL), sum(attempts), "
        "min(due_ms) > ? FROM outbox_delivery WHERE state = 'pending'",
        ((time.time() + HOURS_S) * 1000,)).fetchone()
    connection.close()
    if waiting != (count, 1, 1, 1):
        raise AssertionError("those that wait, the heads and attempts of them, "
                             f"and whether the head waits for hours: {waiting}")
    return database


def deliver_all(database):
    """What the history left is delivered, all of it."""
    connection = connect_unsafe(database)
    connection.execute("BEGIN IMMEDIATE")
    connection.execute(
        "UPDATE outbox_delivery SET state = 'delivered', aside = NULL, "
        "due_ms = NULL, "
        "reason = NULL, unknown = 0, result = '202', status = 202, "
        "settled_ms = coalesce(settled_ms, arrived_ms) "
        "WHERE state <> 'delivered'")
    connection.execute("DELETE FROM outbox_backlog")
    connection.execute(
        "UPDATE outbox_count SET count = CASE name WHEN 'delivered' THEN "
        "(SELECT count(*) FROM outbox_delivery) ELSE 0 END WHERE name IN "
        "('pending', 'sending', 'delivered', 'failed', 'skipped', "
        "'discarded')")
    connection.execute("COMMIT")
    connection.close()


def share_users(database, other, users, before_ms):
    """These users, and the destination, are known alike in both: so that a
    drain makes the same calls, and the users' next events are newer than what
    was sent."""
    connection = sqlite3.connect(database)
    connection.execute("CREATE TEMP TABLE a_user (lane TEXT PRIMARY KEY)")
    connection.executemany("INSERT INTO a_user VALUES (?)",
                           ((user,) for user in users))
    connection.execute("ATTACH ? AS other", (other,))
    connection.execute(
        "UPDATE outbox_user SET sent_timestamp_ms = ?1, "
        "confirmed_timestamp_ms = ?1 WHERE lane IN a_user", (before_ms,))
    connection.execute("INSERT INTO other.outbox_user SELECT * "
                       "FROM main.outbox_user WHERE lane IN a_user")
    connection.execute("DELETE FROM main.outbox_destination")
    connection.execute("INSERT INTO main.outbox_destination SELECT * "
                       "FROM other.outbox_destination")
    shared, = connection.execute(
        "SELECT count(*) FROM other.outbox_user").fetchone()
    connection.commit()
    connection.close()
    if shared != len(users):
        raise AssertionError(f"{shared} of {len(users)} users are known")
